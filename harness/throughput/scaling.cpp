#include "harness/throughput/scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <tuple>

namespace longhaul {
namespace {

constexpr double kTolerance = 0.1;           // of an exponent
constexpr double kSteepTolerance = 0.2;      // of one that is still on its way from 1 to 2
constexpr double kDoublingTolerance = 0.15;  // of a step's growth with twice the batch
constexpr double kSpread = 0.15;             // p20 to p80 over the median

using Cost = std::function<double(const ThroughputRow&)>;

// The rows fitted together with `row`, longest first.
std::vector<const ThroughputRow*> series_of(const ThroughputRow& row,
                                            const std::vector<ThroughputRow>& rows) {
  const auto key = [](const ThroughputRow& r) {
    return std::tie(r.model, r.phase, r.series, r.threads);
  };
  std::vector<const ThroughputRow*> series;
  for (const ThroughputRow& other : rows)
    if (other.ok() && key(other) == key(row)) series.push_back(&other);
  std::stable_sort(series.begin(), series.end(),
                   [](const auto* a, const auto* b) { return a->length > b->length; });
  return series;
}

std::optional<Exponent> fit(const std::vector<const ThroughputRow*>& series, const Cost& cost) {
  const std::size_t count =
      std::min(series.size(), std::max<std::size_t>(2, (series.size() + 1) / 2));
  std::vector<double> lengths, values;
  for (std::size_t i = 0; i < count; ++i) {
    lengths.push_back(static_cast<double>(series[i]->length));
    values.push_back(cost(*series[i]));
  }
  return fit_exponent(lengths, values);
}

// The tokens of one sequence, in decode one.
double tokens_of_one(const ThroughputRow& row) {
  return row.phase == Phase::decode ? 1 : static_cast<double>(row.length);
}

std::string where(const ThroughputRow& row) {
  return row.series == 0 ? fmt::format("{}, {} at batch 1", row.model, to_string(row.phase))
                         : fmt::format("{}, {} at {} tokens a step", row.model,
                                       to_string(row.phase), row.series);
}

// Training and prefill at batch 1. At fixed tokens the longest lengths may have too few sequences
// for the threads, and time then grows for another reason than length.
void check_growth(const ThroughputRow& row, const Scaling& scaling,
                  std::vector<std::string>& notes) {
  if (scaling.time && scaling.flops) {
    const double tolerance = scaling.flops->value > 1 + kTolerance ? kSteepTolerance : kTolerance;
    if (std::abs(scaling.time->value - scaling.flops->value) > tolerance)
      notes.push_back(
          fmt::format("{}: time grows as length^{}, counted operations as length^{:.2f}",
                      where(row), to_string(*scaling.time), scaling.flops->value));
  }
  if (row.phase == Phase::train && scaling.memory &&
      std::abs(scaling.memory->value - 1) > kTolerance)
    notes.push_back(fmt::format("{}: activations grow as length^{}, expected 1", where(row),
                                to_string(*scaling.memory)));
}

void check_decode(const ThroughputRow& row, const Scaling& scaling,
                  std::vector<std::string>& notes) {
  if (!scaling.time) return;
  const bool grows = scaling.state && scaling.state->value > kTolerance;
  if (!grows && std::abs(scaling.time->value) > kTolerance)
    notes.push_back(
        fmt::format("{}: the state is of one size, yet a position's time grows as "
                    "length^{}",
                    where(row), to_string(*scaling.time)));
  if (grows && scaling.time->value < kTolerance)
    notes.push_back(
        fmt::format("{}: the state grows with the length, yet a position's time as "
                    "length^{}",
                    where(row), to_string(*scaling.time)));
}

void check_doubling(const std::vector<ThroughputRow>& rows, std::vector<std::string>& notes) {
  for (const ThroughputRow& one : rows)
    for (const ThroughputRow& two : rows) {
      const auto key = [](const ThroughputRow& r) { return std::tie(r.model, r.phase, r.length); };
      if (one.phase == Phase::decode || one.series == 0 || two.series != 2 * one.series ||
          key(one) != key(two) || two.batch != 2 * one.batch || !one.ok() || !two.ok())
        continue;
      const double ratio = two.median_seconds() / one.median_seconds();
      if (std::abs(ratio / 2 - 1) > kDoublingTolerance)
        notes.push_back(fmt::format("{}, length {}: twice the batch takes {:.2f} times as long",
                                    where(one), one.length, ratio));
    }
}

void check_spread(const std::vector<ThroughputRow>& rows, std::vector<std::string>& notes) {
  int64_t noisy = 0;
  const ThroughputRow* worst = nullptr;
  double widest = 0;
  for (const ThroughputRow& row : rows) {
    if (!row.ok()) continue;
    const double spread =
        (row.tokens_per_second(0.8) - row.tokens_per_second(0.2)) / row.tokens_per_second(0.5);
    noisy += spread > kSpread;
    if (spread <= widest) continue;
    widest = spread;
    worst = &row;
  }
  if (noisy > 0)
    notes.push_back(fmt::format(
        "{} of {} rows spread by more than {:.0f}% from p20 to p80, most of all {}, length {} "
        "({:.0f}%): the machine was not quiet",
        noisy, rows.size(), 100 * kSpread, where(*worst), worst->length, 100 * widest));
}

void check_threads(const std::vector<ThroughputRow>& rows, std::vector<std::string>& notes) {
  for (const ThroughputRow& row : rows) {
    if (row.series == 0 || row.phase == Phase::decode || row.batch >= row.threads) continue;
    notes.push_back(fmt::format(
        "{} tokens a step leave {} of {} threads without a sequence at length {}; ask for more",
        row.series, row.threads - row.batch, row.threads, row.length));
    return;
  }
}

}  // namespace

std::string to_string(const Exponent& exponent) {
  if (!exponent.error) return fmt::format("{:.2f}", exponent.value);
  return fmt::format("{:.2f} ±{:.2f}", exponent.value, *exponent.error);
}

std::optional<Exponent> fit_exponent(const std::vector<double>& lengths,
                                     const std::vector<double>& values) {
  const std::size_t n = lengths.size();
  double x_mean = 0, y_mean = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(values[i] > 0)) return std::nullopt;
    x_mean += std::log(lengths[i]) / static_cast<double>(n);
    y_mean += std::log(values[i]) / static_cast<double>(n);
  }
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = std::log(lengths[i]) - x_mean;
    xx += x * x;
    xy += x * (std::log(values[i]) - y_mean);
  }
  if (n < 2 || xx == 0) return std::nullopt;
  Exponent exponent{xy / xx, std::nullopt};
  if (n == 2) return exponent;
  double residual = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double off =
        std::log(values[i]) - y_mean - exponent.value * (std::log(lengths[i]) - x_mean);
    residual += off * off;
  }
  exponent.error = std::sqrt(residual / static_cast<double>(n - 2) / xx);
  return exponent;
}

Scaling scaling_of(const ThroughputRow& row, const std::vector<ThroughputRow>& rows) {
  if (!row.ok()) return {};
  const auto series = series_of(row, rows);
  return {fit(series,
              [](const auto& r) {
                return r.median_seconds() / static_cast<double>(r.tokens()) * tokens_of_one(r);
              }),
          fit(series, [](const auto& r) { return static_cast<double>(r.peak_activation_bytes); }),
          fit(series, [](const auto& r) { return r.flops_per_token * tokens_of_one(r); }),
          fit(series, [](const auto& r) { return static_cast<double>(r.state_bytes); })};
}

std::vector<std::string> sanity_notes(const std::vector<ThroughputRow>& rows) {
  std::vector<std::string> notes;
  std::set<std::tuple<std::string, Phase, int64_t>> seen;
  for (const ThroughputRow& row : rows) {
    if (!row.ok() || row.series != 0) continue;
    if (!seen.emplace(row.model, row.phase, row.threads).second) continue;
    const Scaling scaling = scaling_of(row, rows);
    if (row.phase == Phase::decode)
      check_decode(row, scaling, notes);
    else
      check_growth(row, scaling, notes);
  }
  check_doubling(rows, notes);
  check_threads(rows, notes);
  check_spread(rows, notes);
  return notes;
}

}  // namespace longhaul
