#pragma once

#include <vector>

#include "harness/settings/trial_spec.h"

namespace longhaul {

// Trials in the order in which they start: round after round over the models, so that all of them
// progress, and within a model as given.
std::vector<TrialSpec> interleaved(const std::vector<TrialSpec>& specs);

}  // namespace longhaul
