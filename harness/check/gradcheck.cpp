#include "harness/check/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/hybrid.h"
#include "longhaul/held_choices.h"
#include "longhaul/ops.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

#ifdef __SANITIZE_ADDRESS__  // a pass takes many times as long, and other builds look at the
                             // numbers
constexpr int64_t kMostElements = 4;
#else
constexpr int64_t kMostElements = 40;
#endif
// Of the differences: the first serves nearly everywhere, the second where a gradient is so small
// that rounding drowns the first, the third beside a kink (relu) that the first would reach across,
// the last where the loss bends within all of them (a norm of something that is nearly 0).
constexpr float kSteps[] = {1e-2f, 1e-1f, 2e-3f, 5e-4f};

// Cross-entropy in double from float logits: differences of it are not drowned by rounding.
double exact_loss(const Model& model, const Batch& batch) {
  HeldChoices::active()->rewind();
  const Tensor logits = model.forward(batch);
  const int64_t C = logits.dim(1);
  double loss = 0;
  for (std::size_t r = 0; r < batch.targets.size(); ++r) {
    const float* row = logits.data() + static_cast<int64_t>(r) * C;
    double total = 0;
    for (int64_t c = 0; c < C; ++c) total += std::exp(double{row[c]});
    loss += std::log(total) - row[batch.targets[r]];
  }
  return loss;
}

// Central differences of fourth order: a coarse step keeps rounding small, and its error is h^4.
double difference(const Model& model, const Batch& batch, float& value, float step) {
  const float before = value;
  const auto loss_at = [&](float steps) {
    value = before + steps * step;
    return exact_loss(model, batch);
  };
  const double near = loss_at(1) - loss_at(-1), far = loss_at(2) - loss_at(-2);
  value = before;
  return (8 * near - far) / (12 * step);
}

}  // namespace

int64_t layers_to_check(const ModelInfo& model) {
  return std::max<int64_t>(2, static_cast<int64_t>(mixers_of(model.name).size()));
}

std::vector<GradientCheck> check_gradients(const Model& model, const Batch& batch) {
  const LaneScope lane;  // in thousands of tiny passes threads would only wait for each other
  const FlushDenormals flush;
  const HeldChoices choices;
  {
    Tape tape;
    tape.backward(cross_entropy(model.forward(batch), batch.targets));
  }
  std::vector<GradientCheck> checks;
  for (const Parameter& parameter : model.parameters()) {
    if (!parameter.trained()) continue;
    const Tensor& p = parameter.value;
    GradientCheck check{parameter.name, p.shape()};
    double largest = 1e-3;
    for (int64_t i = 0; i < p.size(); ++i) {
      largest = std::max(largest, std::abs(double{p.grad()[i]}));
      if (!std::isfinite(p.grad()[i])) check.worst = std::numeric_limits<double>::quiet_NaN();
    }
    const int64_t stride = std::max<int64_t>((p.size() + kMostElements - 1) / kMostElements, 1);
    for (int64_t i = 0; i < p.size(); i += stride, ++check.checked) {
      double error = std::numeric_limits<double>::infinity();
      for (float step : kSteps) {
        const double expected = difference(model, batch, p.data()[i], step);
        const double found = std::abs(p.grad()[i] - expected) / largest;
        if (!(found >= error)) error = found;  // a NaN stays
        if (!(error > kGradientTolerance)) break;
      }
      if (!(error <= check.worst) && !std::isnan(check.worst)) check.worst = error;
    }
    check.ok = check.worst <= kGradientTolerance;
    checks.push_back(check);
    p.drop_grad();
  }
  return checks;
}

Batch random_batch(const Lengths& lengths, const TaskShape& task, uint64_t seed) {
  Rng rng(seed, "random batch");
  std::vector<Example> examples;
  for (int64_t length : lengths) {
    Example example;
    for (int64_t t = 0; t < length; ++t)
      example.tokens.push_back(static_cast<int32_t>(rng.between(1, task.vocab - 1)));
    const int64_t scored = task.readout == Readout::token ? length : 1;
    for (int64_t t = 0; t < scored; ++t)
      example.targets.push_back(static_cast<int32_t>(rng.below(task.classes)));
    examples.push_back(std::move(example));
  }
  return collate(examples.data(), static_cast<int64_t>(examples.size()), task.readout);
}

}  // namespace longhaul
