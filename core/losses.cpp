#include "core/losses.h"

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/ops/losses.h"

namespace longhaul {
namespace {

// A loss of classes, which reads targets alone.
template <class Loss>
Objective of_classes(Loss loss) {
  return [loss](const Tensor& logits, const Batch& answers, float weight) {
    return loss(logits, answers.targets, weight);
  };
}

using Targets = std::vector<int32_t>;

Objective smoothed(const LossContext& context) {
  return of_classes([smoothing = context.label_smoothing](const Tensor& logits,
                                                          const Targets& targets, float weight) {
    return smoothed_cross_entropy(logits, targets, smoothing, weight);
  });
}

Objective tailr(const LossContext& context) {
  return of_classes(
      [gamma = context.gamma](const Tensor& logits, const Targets& targets, float weight) {
        return tailr_loss(logits, targets, gamma, weight);
      });
}

Objective logit_adjusted(const LossContext& context) {
  const std::vector<double> shares = context.class_shares();
  Tensor prior = Tensor::empty({static_cast<int64_t>(shares.size())});
  for (std::size_t c = 0; c < shares.size(); ++c)
    prior.data()[c] = static_cast<float>(context.tau * elementary::log(shares[c]));
  return of_classes([prior](const Tensor& logits, const Targets& targets, float weight) {
    return cross_entropy(logits + prior, targets, weight);
  });
}

// The class vectors are those that the head has as training begins (`fixed`) or at each step.
Objective emo(const LossContext& context) {
  const Tensor head = context.head;
  require(head.defined(), "loss: emo needs a model with class vectors, head.weight");
  const bool mixed = context.is_mixed;
  if (!context.is_head_fixed)
    return of_classes([=](const Tensor& logits, const Targets& targets, float weight) {
      return emo_loss(logits, targets, unit_columns(head), mixed, weight);
    });
  return of_classes([=, directions = unit_columns(head)](const Tensor& logits,
                                                         const Targets& targets, float weight) {
    return emo_loss(logits, targets, directions, mixed, weight);
  });
}

Objective mse(const LossContext&) {
  return [](const Tensor& outputs, const Batch& answers, float weight) {
    return squared_error(outputs, answers.numbers, weight);
  };
}

}  // namespace

const std::vector<LossInfo>& losses() {
  static const std::vector<LossInfo> all = {
      {"cross_entropy", "-log p_t; label_smoothing s: -(1 - s) log p_t - s mean_c(log p_c)",
       "smoothing: Szegedy et al. 2016, arXiv:1512.00567", smoothed},
      {"emo",
       "sum_i p_i (1 - cos(e_i, e_t)) over the class vectors e_i, the columns of head.weight",
       "Ren et al. 2024, arXiv:2310.04691", emo},
      {"smooth_accuracy", "1 - p_t, the expected error", "Karpukhin et al. 2022, arXiv:2205.09615",
       [](const LossContext&) { return of_classes(smooth_accuracy_loss); }},
      {"tailr", "-log(gamma + (1 - gamma) p_t) / (1 - gamma), gamma = loss_gamma",
       "Ji et al. 2023, arXiv:2302.13344", tailr},
      {"logit_adjusted",
       "cross entropy of logits + tau log(class frequency), tau = loss_tau; tests use the logits "
       "alone",
       "Menon et al. 2021, arXiv:2007.07314", logit_adjusted},
      {"mse",
       "(y - answer)^2, mean over the numbers of an answer, of the model's outputs y themselves: "
       "for answers that are real numbers, and for them alone",
       "", mse, true},
  };
  return all;
}

}  // namespace longhaul
