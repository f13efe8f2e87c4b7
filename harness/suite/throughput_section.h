#pragma once

#include "harness/suite/section.h"
#include "harness/throughput/plan.h"

namespace longhaul {

ThroughputPlan read_throughput(const Section& section);

}  // namespace longhaul
