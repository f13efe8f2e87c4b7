#pragma once

#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"

namespace longhaul {

// In which keys two specs differ that stand for the same cell and seed, "budget.steps: 600, then
// 700". Names that do not change the outcome are left out.
std::vector<std::string> spec_differences(const TrialSpec& before, const TrialSpec& after);

}  // namespace longhaul
