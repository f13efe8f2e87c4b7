#pragma once

#include <vector>

#include "harness/record/solver_record.h"
#include "harness/record/table.h"

namespace longhaul {

// A line for each model and length that was measured, for people; what was left out stands below.
Table solver_table(const std::vector<SolverRecord>& rows);

}  // namespace longhaul
