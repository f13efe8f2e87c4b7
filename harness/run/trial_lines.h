#pragma once

#include <string>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"
#include "support/enum_names.h"

namespace longhaul {

// What a trial is for: its seed's score, the choice of settings, or weights that others start from.
enum class TrialKind { trial, tuning, pretraining };
const EnumNames<TrialKind>& names_of(TrialKind);
TrialKind kind_of(const TrialSpec& spec);

std::string model_label(const TrialSpec& spec);  // with a pretraining or loss of its own behind a +
std::string label_of_kind(const TrialSpec& spec);  // "lru on copy": without the seed
std::string label(const TrialSpec& spec);          // "lru on copy, seed 3"

// What came of a trial, the numbers first: a narrow terminal cuts off the end.
std::string describe(const TrialSpec& spec, const TrialRecord& record);

}  // namespace longhaul
