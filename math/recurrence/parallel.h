#pragma once

#include "math/memory.h"
#include "math/recurrence/recurrence.h"

namespace longhaul {

Solution solve_parallel(const Recurrence& r, const RecurrenceSpec& spec);  // all but sequential

struct SolveOutcome {
  SolverReport report;
  int64_t applied = 0;  // as of a Solution
};
// Of many side by side: the most sweeps, the largest residual, the share that is unconverged.
SolveOutcome joined(const PooledVector<SolveOutcome>& solves);

}  // namespace longhaul
