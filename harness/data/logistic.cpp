#include "harness/data/logistic.h"

#include <algorithm>
#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/tape.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "math/schedule.h"

namespace longhaul {
namespace {

constexpr int kSteps = 200;
constexpr double kLearningRate = 0.02;
constexpr double kWarmup = 0.05;
constexpr double kWeightDecay = 0.5;

}  // namespace

LogisticRegression::LogisticRegression(const std::vector<float>& rows,
                                       const std::vector<int32_t>& targets, int64_t features,
                                       int64_t classes)
    : features_(features),
      mean_(static_cast<std::size_t>(features)),
      inverse_deviation_(static_cast<std::size_t>(features)),
      weight_(Shape{features, classes}),
      bias_(Shape{classes}) {
  const auto n = static_cast<int64_t>(targets.size());
  for (int64_t f = 0; f < features; ++f) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; ++i) {
      const double x = rows[i * features + f];
      sum += x;
      squares += x * x;
    }
    const double mean = sum / static_cast<double>(n);
    const double variance = squares / static_cast<double>(n) - mean * mean;
    mean_[f] = static_cast<float>(mean);
    // A feature that never varies says nothing; rounding must not make it say something.
    if (variance > 1e-10 * (mean * mean + 1e-10))
      inverse_deviation_[f] = static_cast<float>(1 / std::sqrt(variance));
  }
  const LaneScope single_thread;  // products over threads round differently for each number of them
  const Tensor inputs = standardised(rows);
  std::vector<Parameter> parameters = {{"weight", weight_, {}}, {"bias", bias_, {.decay = false}}};
  const std::vector<int64_t> offsets = gradient_layout(parameters);
  weight_.set_needs_grad(true);
  bias_.set_needs_grad(true);
  Optimizer optimizer(parameters, offsets, {.weight_decay = kWeightDecay});
  std::vector<float> gradient(static_cast<std::size_t>(offsets.back()));
  for (int step = 0; step < kSteps; ++step) {
    std::fill(gradient.begin(), gradient.end(), 0.0f);
    Tape tape(gradient.data());
    tape.backward(
        cross_entropy(matmul(inputs, weight_) + bias_, targets, 1 / static_cast<float>(n)));
    optimizer.step(gradient.data(), 1,
                   kLearningRate * rate_share({.warmup = kWarmup}, (step + 0.5) / kSteps));
  }
}

Tensor LogisticRegression::standardised(const std::vector<float>& rows) const {
  const auto n = static_cast<int64_t>(rows.size()) / std::max<int64_t>(features_, 1);
  Tensor x(Shape{n, features_});
  for (int64_t i = 0; i < n * features_; ++i)
    x.data()[i] = (rows[i] - mean_[i % features_]) * inverse_deviation_[i % features_];
  return x;
}

std::optional<int32_t> LogisticRegression::answer(const std::vector<float>& row) const {
  const LaneScope single_thread;
  const Tensor scores = matmul(standardised(row), weight_) + bias_;  // [1, classes]
  const float *first = scores.data(), *end = first + scores.size();
  if (!std::all_of(first, end, [](float x) { return std::isfinite(x); })) return std::nullopt;
  return static_cast<int32_t>(std::max_element(first, end) - first);
}

}  // namespace longhaul
