#pragma once

#include <map>
#include <string>
#include <vector>

#include "longhaul/ops.h"
#include "longhaul/options.h"

namespace longhaul {

// The options of a model whose recurrence can be solved in parallel (rnn, m2rnn). Its layer is the
// caller's to set.
inline void read_solver(RecurrenceSpec& spec, Options& o) {
  static const std::map<std::string, Solver> solvers = {{"auto", Solver::automatic},
                                                        {"sequential", Solver::sequential},
                                                        {"newton", Solver::newton},
                                                        {"quasi_newton", Solver::quasi_newton},
                                                        {"first_order", Solver::first_order},
                                                        {"fixed_a", Solver::fixed_a},
                                                        {"picard", Solver::picard},
                                                        {"jacobi", Solver::jacobi},
                                                        {"elk", Solver::elk},
                                                        {"clip_elk", Solver::clip_elk}};
  static const std::map<std::string, Start> starts = {
      {"zero", Start::zero}, {"cell", Start::cell}, {"last", Start::last}};
  spec.solver = solvers.at(o.choice("solver", "auto",
                                    {"auto", "sequential", "newton", "quasi_newton", "first_order",
                                     "fixed_a", "picard", "jacobi", "elk", "clip_elk"},
                                    "how the recurrence is solved; auto: as measured faster"));
  spec.start = starts.at(
      o.choice("start", "zero", {"zero", "cell", "last"},
               "what sweeps start from: zeros, cell(0, u_t), or the last training step's states"));
  spec.window =
      o.integer("window", 0, "positions swept together, window after window; 0: all", 0, 1 << 30);
  spec.tolerance =
      o.number("tolerance", 1e-6, "a solver stops when no step's residual is larger", 0);
  spec.max_iterations = static_cast<int>(
      o.integer("max_iterations", 100, "a solver stops after as many sweeps", 1, 1 << 20));
  spec.clip =
      o.number("iterate_clip", 1, "bound of the iterates; every solution lies within 1", 1, 1e8);
  spec.damping = o.number("damping", 1e-3, "elk: weight of staying near the last iterate", 0);
  spec.audit = o.flag("audit", false, "also solve sequentially and record the differences");
  if (!spec.is_parallel() && spec.start != Start::zero)
    o.problem("start", "start needs a solver that sweeps, such as newton or clip_elk");
  if (!spec.is_parallel() && spec.window > 0)
    o.problem("window", "window needs a solver that sweeps, such as newton or clip_elk");
}

}  // namespace longhaul
