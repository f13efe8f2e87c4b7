#include "harness/train/objective.h"

#include <algorithm>
#include <cmath>

#include "harness/data/examples.h"
#include "harness/data/label_noise.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/ops/losses.h"

namespace longhaul {
namespace {

using Targets = std::vector<int32_t>;

constexpr int64_t kCountedExamples = 4000;
constexpr int64_t kCountedPositions = 1 << 22;

// loss_tau * log of each class's share of the training answers, as noisy as they are trained on;
// every class counts once more than it was seen, so that none is impossible.
Tensor log_prior(const Settings& settings, const Task& task) {
  const int64_t stored = task.count(Split::train), C = task.classes();
  const int64_t affordable =
      std::clamp<int64_t>(kCountedPositions / task.max_length(), 1, kCountedExamples);
  std::vector<double> seen(static_cast<std::size_t>(C), 1);
  double total = static_cast<double>(C);
  for (int64_t i = 0; i < (stored ? std::min(stored, affordable) : affordable); ++i) {
    Example trained = example(task, Split::train, 0, i);
    add_label_noise(trained, settings.label_noise, C);
    for (const int32_t target : trained.targets) {
      if (target == kIgnore) continue;
      ++seen[target];
      ++total;
    }
  }
  Tensor prior = Tensor::empty({C});
  for (int64_t c = 0; c < C; ++c)
    prior.data()[c] = static_cast<float>(settings.loss_tau * std::log(seen[c] / total));
  return prior;
}

Objective emo(const Settings& settings, const Tensor& head) {
  require(head.defined(), "loss: emo needs a model with class vectors, head.weight");
  const bool mixed = settings.loss_mix == "cross_entropy";
  if (settings.loss_head == "adaptive")
    return [=](const Tensor& logits, const Targets& targets, float weight) {
      return emo_loss(logits, targets, unit_columns(head), mixed, weight);
    };
  return [=, directions = unit_columns(head)](const Tensor& logits, const Targets& targets,
                                              float weight) {
    return emo_loss(logits, targets, directions, mixed, weight);
  };
}

}  // namespace

Objective make_objective(const Settings& settings, const Tensor& head, const Task& task) {
  if (settings.loss == "emo") return emo(settings, head);
  if (settings.loss == "smooth_accuracy") return smooth_accuracy_loss;
  if (settings.loss == "tailr")
    return
        [gamma = settings.loss_gamma](const Tensor& logits, const Targets& targets, float weight) {
          return tailr_loss(logits, targets, gamma, weight);
        };
  if (settings.loss == "logit_adjusted")
    return [prior = log_prior(settings, task)](const Tensor& logits, const Targets& targets,
                                               float weight) {
      return cross_entropy(logits + prior, targets, weight);
    };
  return cross_entropy;
}

}  // namespace longhaul
