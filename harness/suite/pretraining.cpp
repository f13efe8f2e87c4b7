#include "harness/suite/pretraining.h"

#include <set>

#include "longhaul/error.h"

namespace longhaul {
namespace {

bool is_pretrained(const TrialSpec& spec) {
  return spec.settings.pretrain == "masked" || spec.settings.pretrain == "causal";
}

int64_t pretraining_steps(const TrialSpec& spec) {
  return spec.settings.pretrain_steps ? spec.settings.pretrain_steps : spec.budget.steps;
}

// What does not bear on pretraining has its default in it, so that trials that differ in that alone
// share their pretraining.
TrialSpec pretraining_of(const TrialSpec& spec) {
  TrialSpec stage = spec;
  stage.is_pretraining = true;
  stage.pretrained.clear();
  stage.evaluate = {};
  stage.tuning = {};
  stage.diagnostics.clear();
  stage.baselines.clear();
  stage.budget = {.steps = pretraining_steps(spec)};
  const Settings fresh;
  stage.settings.pretrain_steps = stage.budget.steps;
  stage.settings.label_fraction = fresh.label_fraction;
  stage.settings.test_examples = fresh.test_examples;
  stage.settings.pooling = fresh.pooling;
  stage.settings.label_noise = fresh.label_noise;
  stage.settings.loss = fresh.loss;
  stage.settings.loss_head = fresh.loss_head;
  stage.settings.loss_mix = fresh.loss_mix;
  stage.settings.loss_gamma = fresh.loss_gamma;
  stage.settings.loss_tau = fresh.loss_tau;
  if (spec.settings.pretrain == "causal") stage.settings.pretrain_mask = fresh.pretrain_mask;
  return stage;
}

}  // namespace

std::string pretraining_problem(const TrialSpec& spec) {
  const Settings& settings = spec.settings;
  if (settings.pretrain == "none") return "";
  if (settings.pretrain == "masked" && settings.causal)
    return "pretrain: masked predicts from both sides and needs causal: false";
  if (settings.pretrain == "causal" && !settings.causal)
    return "pretrain: causal predicts the next position and needs causal: true";
  if (spec.budget.steps == 0)
    return text("pretrain: ", settings.pretrain, " needs a budget in steps");
  return "";
}

void plan_pretraining(TrialSpec& spec) {
  if (spec.settings.pretrain == "longer") spec.budget.steps += pretraining_steps(spec);
  if (is_pretrained(spec)) spec.pretrained = pretraining_of(spec).id();
}

std::vector<TrialSpec> with_pretraining(const std::vector<TrialSpec>& specs) {
  std::set<std::string> seen;
  std::vector<TrialSpec> all;
  for (const TrialSpec& spec : specs)
    if (!spec.pretrained.empty() && seen.insert(spec.pretrained).second)
      all.push_back(pretraining_of(spec));
  all.insert(all.end(), specs.begin(), specs.end());
  return all;
}

}  // namespace longhaul
