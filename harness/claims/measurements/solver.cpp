// A nonlinear recurrence solved in parallel, against the sequential loop on the same numbers:
// sweeps, errors, ideal depth and time. What is drawn: harness/throughput/solver_study.h.
#include "harness/claims/measurement.h"
#include "harness/throughput/solver_study.h"

namespace longhaul {
namespace {

const std::vector<std::string> kCells = {"tanh", "gru", "lstm", "cifg"};
const std::vector<Solver> kSolvers = {Solver::newton,  Solver::quasi_newton, Solver::first_order,
                                      Solver::fixed_a, Solver::picard,       Solver::jacobi,
                                      Solver::elk,     Solver::clip_elk};

SolverCase read_case(Options& options) {
  SolverCase c;
  const std::string cell = options.choice("cell", "tanh", kCells, "the recurrent cell");
  for (const Cell candidate : {Cell::tanh, Cell::gru, Cell::lstm, Cell::cifg})
    if (cell == cell_name(candidate)) c.cell = candidate;
  std::vector<std::string> solvers;
  for (const Solver candidate : kSolvers) solvers.emplace_back(solver_name(candidate));
  const std::string solver =
      options.choice("solver", "newton", solvers, "how it is solved in parallel");
  for (const Solver candidate : kSolvers)
    if (solver == solver_name(candidate)) c.solver = candidate;
  c.rho = options.number("rho", 0.6, "spectral radius of the recurrent matrix", 0, 10);
  c.length = options.integer("length", 1024, "steps", 2, 1 << 20);
  c.width = options.integer("width", 16, "width of the state", 1, 1024);
  c.block = options.integer("block", 0,
                            "width of the matrix's blocks, a divisor of width; 0: dense", 0, 1024);
  if (c.block > 0 && c.width % c.block != 0) options.problem("block", "does not divide the width");
  c.batch = options.integer("batch", 1, "sequences", 1, 4096);
  c.threads = static_cast<int>(options.integer("threads", 1, "that may solve it", 1, 64));
  c.tolerance = options.number("tolerance", 1e-6, "largest residual of a solution", 1e-7, 1);
  c.max_iterations = static_cast<int>(
      options.integer("max_iterations", 0, "sweeps at most; 0: as many as steps", 0, 1 << 20));
  c.clip = options.number("iterate_clip", 1e8, "bound of the iterates", 1e-3, 1e30);
  c.repetitions = static_cast<int>(options.integer(
      "repetitions", 0, "timed runs, of which the median counts; 0: no times", 0, 1000));
  return c;
}

std::map<std::string, double> values_of(const SolverRow& row) {
  std::map<std::string, double> values = {
      {"sweeps", row.report.iterations},
      {"sweeps_share",
       static_cast<double>(row.report.iterations) / static_cast<double>(row.depth_sequential)},
      {"converged", row.report.converged},
      {"output_error", row.output_error},
      {"gradient_error", row.gradient_error},
      {"largest_iterate", row.report.largest},
      {"prefix_exact", row.prefix_exact},
      {"depth", static_cast<double>(row.depth_parallel)},
      {"depth_gain",
       static_cast<double>(row.depth_sequential) / static_cast<double>(row.depth_parallel)},
  };
  if (row.of.repetitions > 0)
    values.insert({{"milliseconds_sequential", 1e3 * row.seconds_sequential},
                   {"milliseconds_parallel", 1e3 * row.seconds_parallel},
                   {"speedup", row.seconds_sequential / row.seconds_parallel}});
  return values;
}

ClaimMeasurement make(Options& options) {
  const SolverCase c = read_case(options);
  ClaimMeasurement measurement;
  measurement.values = {
      {"sweeps", "until converged or given up"},
      {"sweeps_share", "sweeps over steps; 1 is no better than step by step"},
      {"converged", "1 or 0"},
      {"output_error", "largest difference of a state from the loop's"},
      {"gradient_error", "largest difference of a gradient, relative to the largest gradient"},
      {"largest_iterate", "largest value of any sweep"},
      {"prefix_exact", "1 if the first n steps are right after n sweeps"},
      {"depth", "steps that must follow each other: sweeps * 2 ceil(log2 length)"},
      {"depth_gain", "length over depth"},
  };
  if (c.repetitions > 0) {
    constexpr bool kTimed = true;
    measurement.values.insert(measurement.values.end(),
                              {{"milliseconds_sequential", "forward, by the loop", kTimed},
                               {"milliseconds_parallel", "forward, by the solver", kTimed},
                               {"speedup", "loop over solver", kTimed}});
  }
  measurement.run = [c](uint64_t seed) {
    SolverCase seeded = c;
    seeded.seed = seed;
    return values_of(measure_solver(seeded));
  };
  return measurement;
}

}  // namespace

MeasurementInfo solver() {
  return {"solver", "a nonlinear recurrence in parallel against the sequential loop", make};
}

}  // namespace longhaul
