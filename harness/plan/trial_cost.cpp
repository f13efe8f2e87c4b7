#include "harness/plan/trial_cost.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace longhaul {
namespace {

// Training ends with the step that reaches the first limit.
double steps_within(const Budget& budget, const Calibration& calibration) {
  const std::pair<double, double> limits[] = {{static_cast<double>(budget.steps), 1},
                                              {budget.seconds, calibration.step_seconds},
                                              {budget.tokens, calibration.step_tokens},
                                              {budget.flops, calibration.step_flops}};
  double steps = std::numeric_limits<double>::infinity();
  for (const auto& [limit, of_step] : limits)
    if (limit > 0 && of_step > 0) steps = std::min(steps, std::ceil(limit / of_step));
  return std::isfinite(steps) ? std::max(steps, 1.0) : 1;
}

}  // namespace

TrialCost cost_of(const TrialSpec& spec, const Calibration& calibration) {
  if (!calibration.ok()) return {};
  const double steps = steps_within(spec.budget, calibration);
  const double passes = std::min(steps, static_cast<double>(spec.settings.evaluations));
  const bool is_tested = !spec.tuning.is_candidate && !spec.is_pretraining;
  const bool is_stored = !spec.tuning.is_candidate;
  TrialCost cost;
  cost.steps = static_cast<int64_t>(steps);
  cost.tokens = steps * calibration.step_tokens;
  cost.flops = steps * calibration.step_flops;
  cost.train_seconds = steps * calibration.step_seconds;
  cost.seconds =
      calibration.start_seconds + cost.train_seconds + passes * calibration.validation_seconds +
      (is_tested ? calibration.test_seconds : 0) + (is_stored ? calibration.store_seconds : 0);
  return cost;
}

}  // namespace longhaul
