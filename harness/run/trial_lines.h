#pragma once

#include <string>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

std::string label(const TrialSpec& spec);  // "lru on copy, seed 3"

// What came of a trial, the numbers first: a narrow terminal cuts off the end.
std::string describe(const TrialSpec& spec, const TrialRecord& record);

}  // namespace longhaul
