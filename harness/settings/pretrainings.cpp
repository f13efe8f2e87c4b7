#include "harness/settings/pretrainings.h"

#include "support/choices.h"

namespace longhaul {

const std::vector<PretrainingInfo>& pretrainings() {
  static const std::vector<PretrainingInfo> all = {
      {.name = "none",
       .description = "training from scratch for the budget: the control that pays nothing for "
                      "pretraining (compute-free)"},
      {.name = "masked",
       .description = "pretrain_steps of predicting hidden positions from all others "
                      "(causal: false), then the budget",
       .restore = Restore::masked},
      {.name = "causal",
       .description = "pretrain_steps of predicting the next position (causal: true), then the "
                      "budget",
       .restore = Restore::next},
      {.name = "longer",
       .description = "from scratch for the budget and pretrain_steps more: the control of equal "
                      "compute (compute-tied)",
       .is_longer = true},
  };
  return all;
}

const PretrainingInfo& pretraining_of(const Settings& settings) {
  return row_named("pretrain", settings.pretrain, pretrainings());
}

}  // namespace longhaul
