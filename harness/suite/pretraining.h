#pragma once

#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"

namespace longhaul {

// Self-pretraining as a trial of its own (Amos, Berant & Gupta 2024, arXiv:2310.02980). A trial
// with `pretrain: masked` or `causal` starts from the weights that its pretraining trial leaves:
// the same model, task and seed, trained for `pretrain_steps` to restore hidden inputs (pretext.h).
// Trials that ask for the same pretraining share it, such as those on 100% and on 1% of the labels.
//
// Two controls stand beside it: `none` trains from scratch for the same budget (compute-free: the
// pretraining is not paid for), `longer` for the budget and as many steps as pretraining takes
// (compute-tied).

// Why the trial cannot be pretrained as its settings ask; "" if it can.
std::string pretraining_problem(const TrialSpec& spec);

// Resolves settings.pretrain: names the trial to start from, or lengthens the budget.
void plan_pretraining(TrialSpec& spec);

// The pretraining trials that `specs` start from, once each, then `specs`.
std::vector<TrialSpec> with_pretraining(const std::vector<TrialSpec>& specs);

}  // namespace longhaul
