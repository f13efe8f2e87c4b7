#pragma once

#include "math/recurrence/recurrence.h"

namespace longhaul {

Solution solve_parallel(const Recurrence& r, const RecurrenceSpec& spec);  // all but sequential

// The report of many solves: the most sweeps, the largest residual, the share that is unconverged.
class JoinedReport {
 public:
  void add(const SolverReport& one);
  SolverReport all() const;

 private:
  SolverReport worst_;
  double solves_ = 0, unconverged_ = 0;
};

}  // namespace longhaul
