#pragma once

#include <vector>

#include "harness/run/run_throughput.h"
#include "harness/throughput/solver_record.h"

namespace longhaul {

// What `throughput` and `run` share: the tables on standard output, and the exit status, 1 if a row
// failed or ran out of memory.
void print_throughput(const std::vector<ThroughputRow>& rows,
                      const std::vector<SolverRecord>& solvers);
int throughput_status(const std::vector<ThroughputRow>& rows);

}  // namespace longhaul
