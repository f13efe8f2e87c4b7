// Losses beside cross entropy. All of them see the logits through p = softmax(logits), so that
//   dL/dlogit_i = p_i (dL/dp_i - sum_j p_j dL/dp_j)
#include "math/ops/losses.h"

#include <algorithm>
#include <cmath>

#include "longhaul/batch.h"
#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"

namespace longhaul {
namespace {

constexpr float kLeast = 1e-12f;     // of what is divided by
constexpr float kLeastEmo = 1e-10f;  // as the authors of EMO guard their ratio

void check(const char* op, const Tensor& logits, const std::vector<int32_t>& targets) {
  require(logits.rank() == 2 && logits.dim(0) == static_cast<int64_t>(targets.size()), op, ": ",
          targets.size(), " targets for logits ", logits.shape());
  for (int32_t target : targets)
    require(target == kIgnore || (target >= 0 && target < logits.dim(1)), op, ": target ", target,
            " outside [0, ", logits.dim(1), ")");
}

// A loss of p_t alone: value(p_t), and slope(p_t) = p_t value'(p_t), which stays finite at 0.
template <class Value, class Slope>
Tensor loss_of_target(const Tensor& logits, const std::vector<int32_t>& targets, float weight,
                      Value value, Slope slope) {
  const int64_t N = logits.dim(0), C = logits.dim(1);
  const Tensor p = softmax(logits);  // as values: no gradient reaches it
  double loss = 0;
  for (int64_t n = 0; n < N; ++n)
    if (targets[n] != kIgnore) loss += value(double{p.data()[n * C + targets[n]]});
  Tensor y(Shape{}, static_cast<float>(loss * weight));
  record(y, {logits}, [=, targets = pooled(targets)] {  // dlogits += slope(p_t) (onehot - p)
    float* dx = logits.grad();
    for (int64_t n = 0; n < N; ++n) {
      if (targets[n] == kIgnore) continue;
      const float* row = p.data() + n * C;
      float* out = dx + n * C;
      const float factor =
          weight * y.grad()[0] * static_cast<float>(slope(double{row[targets[n]]}));
#pragma omp simd
      for (int64_t c = 0; c < C; ++c) out[c] = std::fma(-factor, row[c], out[c]);
      out[targets[n]] += factor;
    }
  });
  return y;
}

}  // namespace

Tensor smooth_accuracy_loss(const Tensor& logits, const std::vector<int32_t>& targets,
                            float weight) {
  check("smooth_accuracy_loss", logits, targets);
  return loss_of_target(
      logits, targets, weight, [](double p) { return 1 - p; }, [](double p) { return -p; });
}

Tensor tailr_loss(const Tensor& logits, const std::vector<int32_t>& targets, double gamma,
                  float weight) {
  check("tailr_loss", logits, targets);
  require(gamma >= 0 && gamma <= 1, "tailr_loss: gamma ", gamma, " outside [0, 1]");
  if (gamma == 1) return smooth_accuracy_loss(logits, targets, weight);
  if (gamma == 0) return cross_entropy(logits, targets, weight);
  return loss_of_target(
      logits, targets, weight,
      [=](double p) { return -elementary::log(gamma + (1 - gamma) * p) / (1 - gamma); },
      [=](double p) { return -p / (gamma + (1 - gamma) * p); });
}

Tensor squared_error(const Tensor& outputs, const std::vector<float>& answers, float weight) {
  require(outputs.rank() == 2 && outputs.size() == static_cast<int64_t>(answers.size()),
          "squared_error: ", answers.size(), " numbers for outputs ", outputs.shape());
  const float share = weight / static_cast<float>(std::max<int64_t>(outputs.dim(1), 1));
  double sum = 0;
  for (int64_t i = 0; i < outputs.size(); ++i) {
    const double error = double{outputs.data()[i]} - answers[i];
    sum += error * error;
  }
  Tensor y(Shape{}, static_cast<float>(sum * share));
  record(y, {outputs}, [=, answers = pooled(answers)] {  // dx += 2 share (x - answer)
    float* dx = outputs.grad();
    const float factor = 2 * share * y.grad()[0];
    for (int64_t i = 0; i < outputs.size(); ++i)
      dx[i] = std::fma(factor, outputs.data()[i] - answers[i], dx[i]);
  });
  return y;
}

Tensor unit_columns(const Tensor& x) {
  require(x.rank() == 2, "unit_columns: shape ", x.shape(), ", expected [rows, columns]");
  const int64_t D = x.dim(0), C = x.dim(1);
  Tensor unit = x.clone(), length(Shape{C});
  float* l = length.data();
  for (int64_t d = 0; d < D; ++d)
    for (int64_t c = 0; c < C; ++c)
      l[c] = std::fma(unit.data()[d * C + c], unit.data()[d * C + c], l[c]);
  for (int64_t c = 0; c < C; ++c) l[c] = std::max(std::sqrt(l[c]), kLeast);
  for (int64_t d = 0; d < D; ++d)
    for (int64_t c = 0; c < C; ++c) unit.data()[d * C + c] /= l[c];
  return unit;
}

Tensor emo_loss(const Tensor& logits, const std::vector<int32_t>& targets, const Tensor& directions,
                bool mixed, float weight) {
  check("emo_loss", logits, targets);
  const int64_t N = logits.dim(0), C = logits.dim(1);
  require(directions.rank() == 2 && directions.dim(1) == C, "emo_loss: directions ",
          directions.shape(), " for logits ", logits.shape());
  const int64_t D = directions.dim(0);
  const Tensor p = softmax(logits);                            // as values: no gradient reaches it
  const Tensor expected = matmul(p, directions, false, true);  // [N, D]: sum_i p_i e_i
  Tensor goal(Shape{N, D}), emo(Shape{N}), ratio(Shape{N}, 1);
  double loss = 0;
  for (int64_t n = 0; n < N; ++n) {
    if (targets[n] == kIgnore) continue;
    float along = 0;
    for (int64_t d = 0; d < D; ++d) {
      const float e = goal.data()[n * D + d] = directions.data()[d * C + targets[n]];
      along = std::fma(expected.data()[n * D + d], e, along);
    }
    emo.data()[n] = 1 - along;
    if (!mixed) {
      loss += double{emo.data()[n]};
      continue;
    }
    const float ce = -vmath::log(std::max(p.data()[n * C + targets[n]], kLeast));
    ratio.data()[n] = ce / (std::max(emo.data()[n], 0.0f) + kLeastEmo);
    loss += 0.5 * double{ce + ratio.data()[n] * emo.data()[n]};
  }
  Tensor y(Shape{}, static_cast<float>(loss * weight));
  // dEMO/dlogit_i = p_i (1 - <e_i, e_t> - EMO), dCE/dlogit_i = p_i - [i = t]
  record(y, {logits}, [=, targets = pooled(targets)] {
    const Tensor cosine = matmul(goal, directions);  // [N, C]: <e_t, e_i>
    float* dx = logits.grad();
    const float factor = weight * y.grad()[0] * (mixed ? 0.5f : 1.0f);
    for (int64_t n = 0; n < N; ++n) {
      if (targets[n] == kIgnore) continue;
      const float *row = p.data() + n * C, *near = cosine.data() + n * C;
      float* out = dx + n * C;
      const float scale = factor * ratio.data()[n], ce = mixed ? factor : 0.0f;
      const float mean = emo.data()[n];
#pragma omp simd
      for (int64_t c = 0; c < C; ++c)
        out[c] = std::fma(row[c], std::fma(scale, 1 - near[c] - mean, ce), out[c]);
      out[targets[n]] -= ce;
    }
  });
  return y;
}

}  // namespace longhaul
