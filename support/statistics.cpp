#include "support/statistics.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "longhaul/rng.h"

namespace longhaul {
namespace {

// The regularized incomplete beta function I_x(a, b) by its continued fraction (modified Lentz's
// method, Abramowitz and Stegun 26.5.8), which converges fast for x < (a + 1) / (a + b + 2).
double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);

  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < kTiny ? kTiny : v; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m < 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  const double log_front = std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) +
                           b * std::log1p(-x) - std::log(a);
  return std::exp(log_front) * fraction;
}

}  // namespace

double student_t_cdf(double t, double degrees) {
  const double tail = incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
  return t > 0 ? 1 - tail : tail;
}

double student_t_quantile(double p, double degrees) {
  assert(p > 0 && p < 1 && degrees > 0);
  if (p < 0.5) return -student_t_quantile(1 - p, degrees);
  double low = 0, high = 1;
  while (student_t_cdf(high, degrees) < p) high *= 2;
  for (double middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2)
    (student_t_cdf(middle, degrees) < p ? low : high) = middle;
  return high;
}

Statistics describe(const std::vector<double>& values) {
  Statistics s;
  s.n = static_cast<int64_t>(values.size());
  if (s.n == 0) return s;
  s.min = *std::min_element(values.begin(), values.end());
  s.max = *std::max_element(values.begin(), values.end());
  s.mean = std::accumulate(values.begin(), values.end(), 0.0) / s.n;
  // Without the rounding of the sum; one that is not a number stays so.
  if (s.min == s.max && !std::isnan(s.mean)) s.mean = s.min;
  if (s.n == 1) return s;
  double squares = 0;
  for (double value : values) squares += (value - s.mean) * (value - s.mean);
  s.std_dev = std::sqrt(squares / (s.n - 1));
  s.half_width = student_t_quantile(0.975, s.n - 1) * *s.std_dev / std::sqrt(s.n);
  return s;
}

std::optional<Interval> bootstrap_interval(const std::vector<double>& values) {
  constexpr int kSamples = 10000;
  if (values.size() < 2) return std::nullopt;
  const auto n = static_cast<int64_t>(values.size());
  Rng rng(0, "bootstrap");
  std::vector<double> means;
  for (int sample = 0; sample < kSamples; ++sample) {
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += values[rng.below(n)];
    means.push_back(sum / static_cast<double>(n));
  }
  return Interval{quantile(means, 0.025), quantile(means, 0.975)};
}

double median(std::vector<double> values) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double quantile(std::vector<double> values, double p) {
  assert(!values.empty());
  std::sort(values.begin(), values.end());
  const double place = p * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(place);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return values[low] + (place - static_cast<double>(low)) * (values[high] - values[low]);
}

std::optional<double> paired_t_test(const std::vector<double>& a, const std::vector<double>& b) {
  assert(a.size() == b.size());
  if (a.size() < 2) return std::nullopt;
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  const Statistics s = describe(differences);
  if (*s.std_dev == 0) return s.mean == 0 ? 1.0 : 0.0;
  const double t = s.mean / (*s.std_dev / std::sqrt(s.n));
  return 2 * student_t_cdf(-std::abs(t), s.n - 1);
}

std::vector<double> holm(const std::vector<double>& p_values) {
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return p_values[i] < p_values[j]; });
  std::vector<double> adjusted(p_values.size());
  double highest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    highest = std::max(highest, p_values[order[rank]] * static_cast<double>(order.size() - rank));
    adjusted[order[rank]] = std::min(1.0, highest);
  }
  return adjusted;
}

std::vector<double> ranks(const std::vector<double>& scores) {
  std::vector<double> ranks;
  for (const double score : scores) {
    const auto higher =
        std::count_if(scores.begin(), scores.end(), [&](double other) { return other > score; });
    const auto equal = std::count(scores.begin(), scores.end(), score);
    ranks.push_back(static_cast<double>(higher) + static_cast<double>(equal + 1) / 2);
  }
  return ranks;
}

double nemenyi_critical_value(int64_t models) {
  const auto normal_cdf = [](double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; };
  // P(range <= q) = k integral of phi(z) (Phi(z) - Phi(z - q))^(k - 1): the highest one lies at z.
  // The trapezoid rule is exact to rounding for a function so smooth that vanishes at both ends.
  const auto range_cdf = [&](double q) {
    constexpr double kStep = 1.0 / 16;
    double sum = 0;
    for (double z = -9; z <= 9; z += kStep)
      sum += std::exp(-z * z / 2) *
             std::pow(normal_cdf(z) - normal_cdf(z - q), static_cast<double>(models - 1));
    return static_cast<double>(models) * sum * kStep / std::sqrt(2 * std::numbers::pi);
  };
  double low = 0, high = 20;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (range_cdf(middle) < 0.95 ? low : high) = middle;
  }
  return high / std::numbers::sqrt2;
}

double nemenyi_difference(int64_t models, int64_t tasks) {
  const auto k = static_cast<double>(models), n = static_cast<double>(tasks);
  return nemenyi_critical_value(models) * std::sqrt(k * (k + 1) / (6 * n));
}

double friedman_p(const std::vector<double>& mean_ranks, int64_t tasks) {
  const auto k = static_cast<double>(mean_ranks.size()), n = static_cast<double>(tasks);
  double squares = 0;
  for (const double rank : mean_ranks) squares += rank * rank;
  const double chi_squared = 12 * n / (k * (k + 1)) * (squares - k * (k + 1) * (k + 1) / 4);
  const double room = n * (k - 1) - chi_squared;  // none: all tasks agree
  if (room <= 1e-9 * n * k) return 0;
  const double f = std::max(0.0, (n - 1) * chi_squared / room);
  const double above = k - 1, below = (k - 1) * (n - 1);
  return incomplete_beta(below / 2, above / 2, below / (below + above * f));
}

bool is_at_baseline(const Statistics& scores, double baseline, int64_t examples) {
  constexpr double kNormal95 = 1.959963984540054;
  const double binomial =
      kNormal95 * std::sqrt(baseline * (1 - baseline) / std::max<int64_t>(examples, 1));
  return scores.mean <= baseline + std::max(binomial, scores.half_width.value_or(0));
}

}  // namespace longhaul
