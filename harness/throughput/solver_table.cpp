#include "harness/throughput/solver_table.h"

#include <fmt/format.h>

namespace longhaul {

Table solver_table(const std::vector<SolverRecord>& rows) {
  Table table;
  table.title = "parallel solvers of nonlinear recurrences against the loop, forward, batch 1";
  table.header = {"model",     "solver",   "length", "width", "sweeps",        "loop ms",
                  "solver ms", "speed-up", "depth",  "error", "gradient error"};
  for (const SolverRecord& row : rows) {
    if (!row.left_out.empty()) {
      table.legend.push_back(fmt::format("{}, {}, length {}: left out: {}", row.model, row.solver,
                                         row.length, row.left_out));
      continue;
    }
    table.models.push_back({{row.model},
                            {row.solver},
                            {fmt::format("{}", row.length)},
                            {fmt::format("{}", row.width)},
                            {fmt::format("{}", row.iterations)},
                            {fmt::format("{:.2f}", 1e3 * row.seconds_sequential)},
                            {fmt::format("{:.2f}", 1e3 * row.seconds_parallel)},
                            {row.speedup ? fmt::format("{:.2f}", *row.speedup) : "-"},
                            {fmt::format("{}", row.depth_parallel)},
                            {fmt::format("{:.1e}", row.output_error)},
                            {fmt::format("{:.1e}", row.gradient_error)}});
  }
  table.legend.push_back(
      "depth: steps that must follow each other, sweeps x 2 log2(length); the loop has `length` of "
      "them; speed-up: only where the solver converged and its errors pass");
  return table;
}

}  // namespace longhaul
