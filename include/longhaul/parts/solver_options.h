#pragma once

#include <map>
#include <string>
#include <vector>

#include "longhaul/ops.h"
#include "longhaul/options.h"

namespace longhaul {

// The options of a model whose recurrence can be solved in parallel (rnn, m2rnn).
inline void read_solver(RecurrenceSpec& spec, Options& o) {
  static const std::map<std::string, Solver> solvers = {{"auto", Solver::automatic},
                                                        {"sequential", Solver::sequential},
                                                        {"newton", Solver::newton},
                                                        {"quasi_newton", Solver::quasi_newton},
                                                        {"first_order", Solver::first_order},
                                                        {"fixed_a", Solver::fixed_a},
                                                        {"picard", Solver::picard},
                                                        {"jacobi", Solver::jacobi},
                                                        {"elk", Solver::elk}};
  spec.solver = solvers.at(o.choice("solver", "auto",
                                    {"auto", "sequential", "newton", "quasi_newton", "first_order",
                                     "fixed_a", "picard", "jacobi", "elk"},
                                    "how the recurrence is solved; auto: as measured faster"));
  spec.tolerance =
      o.number("tolerance", 1e-6, "a solver stops when no step's residual is larger", 0);
  spec.max_iterations = static_cast<int>(
      o.integer("max_iterations", 100, "a solver stops after as many sweeps", 1, 1 << 20));
  spec.clip =
      o.number("iterate_clip", 1, "bound of the iterates; every solution lies within 1", 1, 1e8);
  spec.damping = o.number("damping", 1e-3, "elk: weight of staying near the last iterate", 0);
  spec.audit = o.flag("audit", false, "also solve sequentially and record the differences");
}

}  // namespace longhaul
