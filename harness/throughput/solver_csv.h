#pragma once

#include <string>
#include <vector>

#include "harness/results/store.h"
#include "harness/throughput/solver_record.h"

namespace longhaul {

// solver.csv, a row for each model x solver x length of the trials whose mixers reported `solver.*`
// numbers (note() of mixer.h), averaged over them, then those of the throughput phase; "" if there
// are none. Which note fills which column stands in one list in solver_csv.cpp.
std::string solver_csv(const std::vector<Trial>& trials, const std::vector<SolverRecord>& measured);

}  // namespace longhaul
