#include "harness/suite/pretraining.h"

#include <set>

#include "harness/settings/pretrainings.h"

namespace longhaul {
namespace {

int64_t pretraining_steps(const TrialSpec& spec) {
  return spec.settings.pretrain_steps ? spec.settings.pretrain_steps : spec.budget.steps;
}

// The trial that pretrains for this one. What does not bear on it has its default there, so that
// trials that differ in that alone share their pretraining.
TrialSpec stage_of(const TrialSpec& spec) {
  TrialSpec stage = spec;
  stage.is_pretraining = true;
  stage.pretrained.clear();
  stage.evaluate = {};
  stage.tuning = {};
  stage.diagnostics.clear();
  stage.baselines.clear();
  stage.metrics.clear();
  stage.budget = {.steps = pretraining_steps(spec)};
  stage.settings.pretrain_steps = stage.budget.steps;
  const Settings fresh;
  for (const Setting& setting : setting_table())
    if (setting.is_for_answers) copy_field(setting, fresh, stage.settings);
  if (pretraining_of(spec.settings).restore != Restore::masked)
    stage.settings.pretrain_mask = fresh.pretrain_mask;
  return stage;
}

}  // namespace

std::string pretraining_problem(const TrialSpec& spec) {
  const PretrainingInfo& asked = pretraining_of(spec.settings);
  const std::string who = "pretrain: " + asked.name;
  if (asked.restore == Restore::nothing && !asked.is_longer) return "";
  if (asked.restore == Restore::masked && spec.settings.causal)
    return who + " predicts from both sides and needs causal: false";
  if (asked.restore == Restore::next && !spec.settings.causal)
    return who + " predicts the next position and needs causal: true";
  if (spec.budget.steps == 0) return who + " needs a budget in steps";
  return "";
}

void plan_pretraining(TrialSpec& spec) {
  const PretrainingInfo& asked = pretraining_of(spec.settings);
  if (asked.is_longer) spec.budget.steps += pretraining_steps(spec);
  if (asked.restore != Restore::nothing) spec.pretrained = stage_of(spec).id();
}

std::vector<TrialSpec> with_pretraining(const std::vector<TrialSpec>& specs) {
  std::set<std::string> seen;
  std::vector<TrialSpec> all;
  for (const TrialSpec& spec : specs)
    if (!spec.pretrained.empty() && seen.insert(spec.pretrained).second)
      all.push_back(stage_of(spec));
  all.insert(all.end(), specs.begin(), specs.end());
  return all;
}

}  // namespace longhaul
