#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "harness/throughput/plan.h"
#include "harness/throughput/profile_record.h"
#include "longhaul/registry.h"

namespace longhaul {

// The kind that an operator counts as, by the name of its function: "product" for matmul. One that
// is not in the table, such as a plugin's, is a kind of its own under its name.
std::string kind_of(const std::string& function);

// Hears of the rows so far before each row ("train, lru, length 1024, batch 32"), and at the end.
using ProfileReport = std::function<void(const std::vector<ProfileRow>&, const std::string& doing)>;

// Where the time goes: each of `models` at each of the plan's lengths, in training and prefill, at
// the plan's tokens a step, on `threads` threads. Of the plan's repetitions the turn of median time
// counts. Throws Error if the plan asks for decoding alone.
std::vector<ProfileRow> profile_operators(const std::vector<TrialSpec>& models,
                                          const Registry& registry, const ThroughputPlan& plan,
                                          int threads, const ProfileReport& report);

}  // namespace longhaul
