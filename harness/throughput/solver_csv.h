#pragma once

#include <string>
#include <vector>

#include "harness/results/store.h"
#include "harness/throughput/solver_record.h"
#include "support/columns.h"

namespace longhaul {

// solver.csv, a row for each model x solver x length of the trials whose mixers reported `solver.*`
// numbers (note() of mixer.h), averaged over them, then those of the throughput phase; "" if there
// are none.
std::string solver_csv(const std::vector<Trial>& trials, const std::vector<SolverRecord>& measured);
std::vector<ColumnInfo> solver_columns();

}  // namespace longhaul
