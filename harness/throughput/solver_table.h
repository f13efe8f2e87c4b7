#pragma once

#include <vector>

#include "harness/throughput/solver_record.h"
#include "support/text_table.h"

namespace longhaul {

// A line for each model and length that was measured, for people; what was left out stands below.
Table solver_table(const std::vector<SolverRecord>& rows);

}  // namespace longhaul
