#include "core/metrics.h"

#include <algorithm>
#include <cmath>

#include "core/answer_spread.h"
#include "longhaul/ops.h"
#include "math/ops/losses.h"

namespace longhaul {
namespace {

using Sums = std::vector<double>;

double count_of_rows(const Batch& answers) { return static_cast<double>(answers.targets.size()); }

// A sum over its count.
double ratio(const Sums& sums) { return sums[0] / std::max(sums[1], 1.0); }

// The class with the largest logit of a row; of several the first.
int64_t answer_of(const Tensor& logits, int64_t row) {
  const int64_t C = logits.dim(1);
  const float* first = logits.data() + row * C;
  return std::max_element(first, first + C) - first;
}

Sums right_rows(const Tensor& logits, const Batch& answers) {
  double right = 0;
  for (int64_t r = 0; r < logits.dim(0); ++r) right += answer_of(logits, r) == answers.targets[r];
  return {right, count_of_rows(answers)};
}

Sums right_examples(const Tensor& logits, const Batch& answers) {
  double right = 0, examples = 0;
  for (int64_t r = 0, end = 0; r < logits.dim(0); r = end) {
    const auto example_of = [&](int64_t row) {
      return answers.rows.empty() ? row : answers.rows[row] / answers.length;
    };
    bool all_right = true;
    for (end = r; end < logits.dim(0) && example_of(end) == example_of(r); ++end)
      all_right &= answer_of(logits, end) == answers.targets[end];
    right += all_right;
    ++examples;
  }
  return {right, examples};
}

Sums nats(const Tensor& logits, const Batch& answers) {
  return {double{cross_entropy(logits, answers.targets, 1).item()}, count_of_rows(answers)};
}

constexpr int64_t kBins = 15;

// For each bin: rows whose answer has a probability in its range, those that are right, and the sum
// of these probabilities.
Sums calibration_bins(const Tensor& logits, const Batch& answers) {
  const Tensor shares = softmax(logits);
  Sums bins(3 * kBins);
  for (int64_t r = 0; r < logits.dim(0); ++r) {
    const int64_t answer = answer_of(logits, r);
    const double probability{shares.data()[r * logits.dim(1) + answer]};
    const auto place = static_cast<int64_t>(probability * kBins);
    double* bin = &bins[3 * std::clamp<int64_t>(place, 0, kBins - 1)];
    ++bin[0];
    bin[1] += answer == answers.targets[r];
    bin[2] += probability;
  }
  return bins;
}

double calibration_error(const Sums& bins) {
  double rows = 0, off = 0;
  for (int64_t b = 0; b < kBins; ++b) {
    rows += bins[3 * b];
    off += std::abs(bins[3 * b + 1] - bins[3 * b + 2]);
  }
  return off / std::max(rows, 1.0);
}

double squares_missed(const Tensor& outputs, const Batch& answers) {
  return double{squared_error(outputs, answers.numbers, 1).item()};
}

Sums squared_errors(const Tensor& outputs, const Batch& answers) {
  return {squares_missed(outputs, answers), count_of_rows(answers)};
}

Sums absolute_errors(const Tensor& outputs, const Batch& answers) {
  double sum = 0;
  for (std::size_t i = 0; i < answers.numbers.size(); ++i)
    sum += std::abs(double{outputs.data()[i]} - answers.numbers[i]);
  return {sum, static_cast<double>(answers.numbers.size())};
}

// The spread of the answers, and the squares that are missed.
Sums spread_and_missed(const Tensor& outputs, const Batch& answers) {
  const auto numbers = static_cast<std::size_t>(outputs.dim(1));
  AnswerSpread spread(numbers);
  for (std::size_t at = 0; at < answers.numbers.size(); at += numbers)
    spread.add(&answers.numbers[at]);
  Sums sums = spread.sums();
  sums.push_back(squares_missed(outputs, answers) * static_cast<double>(numbers));
  return sums;
}

double explained(Sums sums) {
  const double missed = sums.back();
  sums.pop_back();
  return AnswerSpread(std::move(sums)).explained(missed);
}

}  // namespace

const std::vector<MetricInfo>& builtin_metrics() {
  using enum Better;
  constexpr bool kOfNumbers = true;
  static const std::vector<MetricInfo> all = {
      {"accuracy", "scored positions that are answered right, of all", "", right_rows, ratio},
      {"string_accuracy", "examples whose scored positions are all right, of all", "",
       right_examples, ratio},
      {"cross_entropy", "mean of -log p_t over the scored positions, in nats", "", nats, ratio,
       lower},
      {"ece",
       "mean over 15 bins of the answer's probability of |accuracy - mean probability|, weighted "
       "by how many positions fall in",
       "Guo et al. 2017, arXiv:1706.04599, eq. 3", calibration_bins, calibration_error, lower},
      {"r2", "1 - squared errors / squared distances of the answers from their mean", "",
       spread_and_missed, explained, higher, kOfNumbers},
      {"mse", "mean squared error", "", squared_errors, ratio, lower, kOfNumbers},
      {"mae", "mean absolute error", "", absolute_errors, ratio, lower, kOfNumbers},
  };
  return all;
}

}  // namespace longhaul
