#pragma once

#include "harness/suite/section.h"
#include "harness/throughput/plan.h"

namespace longhaul {

constexpr int64_t kLongestTimed = 1 << 24;

const std::vector<Field<ThroughputPlan>>& throughput_fields();  // those that are single values
ThroughputPlan read_throughput(const Section& section);

}  // namespace longhaul
