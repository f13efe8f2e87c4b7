#pragma once

#include <optional>
#include <string>
#include <vector>

#include "longhaul/ops.h"

namespace longhaul {

// A nonlinear recurrence to solve: B sequences of T steps, inputs normal with std_dev 0.5,
// recurrent matrices normal with std_dev rho / sqrt(block), so that a wide block has spectral
// radius rho.
struct SolverCase {
  Cell cell = Cell::tanh;
  Solver solver = Solver::newton;
  double rho = 0.6;
  int64_t length = 1024, width = 16, block = 0;  // block 0: dense
  int64_t batch = 1;
  int threads = 1;
  double tolerance = 1e-6;
  int max_iterations = 0;  // 0: `length`, which always suffices
  double clip = 1e8;       // of the iterates, where DEER clips; 1 keeps them where solutions lie
  double damping = 1e-3;   // of elk
  Start start = Start::zero;
  int64_t window = 0;   // steps that are swept together; 0: all
  int repetitions = 5;  // timed runs, of which the median counts; 0: no times
  uint64_t seed = 0;
};

// What came of it, against the sequential loop on the same numbers.
struct SolverRow {
  SolverCase of;
  SolverReport report;
  bool prefix_exact = true;   // the first n steps within 1e-6 after n sweeps, n = 1, 2, 5
  double output_error = 0;    // largest difference of h
  double gradient_error = 0;  // of the gradients of u and R, relative to the largest of each
  double seconds_sequential = 0, seconds_parallel = 0;  // forward pass
  std::optional<double> speedup;  // only of a converged solution whose errors pass
  int64_t depth_sequential = 0;   // steps that must follow each other: T
  int64_t depth_parallel = 0;     // sweeps * 2 ceil(log2 T), by a scan on as many cores as needed;
                                  // T: of a window
};
constexpr double kOutputErrorAllowed = 1e-4;
constexpr double kGradientErrorAllowed = 1e-3;

SolverRow measure_solver(const SolverCase& c);

// Every combination of the lists, in this order, the last varying fastest.
struct SolverStudy {
  std::vector<Cell> cells = {Cell::tanh};
  std::vector<double> rhos = {0.6};
  std::vector<int64_t> widths = {16}, lengths = {1024};
  std::vector<int> threads = {1};
  std::vector<Solver> solvers = {Solver::newton};
  SolverCase rest;  // what is the same for all
};
std::vector<SolverRow> study_solvers(const SolverStudy& study);

// solver.csv: model, solver, length, iterations, residual, unconverged_fraction, output_error,
// gradient_error, seconds_sequential, seconds_parallel, speedup (empty unless the errors pass),
// depth_sequential, depth_parallel, threads; then width, block, rho, largest_iterate, prefix_exact.
// `model` is rnn-<cell>.
std::string solver_study_csv(const std::vector<SolverRow>& rows);

const char* cell_name(Cell cell);
const char* solver_name(Solver solver);

}  // namespace longhaul
