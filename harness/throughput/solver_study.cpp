#include "harness/throughput/solver_study.h"

#include <algorithm>
#include <cmath>

#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/recurrence.h"
#include "support/clock.h"
#include "support/csv.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

Tensor noise(const Shape& shape, const Rng& rng, double deviation) {
  Tensor x = Tensor::empty(shape);
  Rng own = rng;
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(deviation * own.normal());
  return x;
}

double largest_difference(int64_t n, const float* a, const float* b) {
  double largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    const double difference = std::abs(double{a[i]} - (b ? double{b[i]} : 0));
    if (std::isnan(difference)) return difference;
    largest = std::max(largest, difference);
  }
  return largest;
}

double relative_difference(const Tensor& a, const Tensor& exact) {
  const double largest = largest_difference(exact.size(), exact.data(), nullptr);
  const double apart = largest_difference(a.size(), a.data(), exact.data());
  return largest > 0 ? apart / largest : apart;
}

struct Problem {
  Tensor u, R;
  RecurrenceSpec loop, spec;

  explicit Problem(const SolverCase& c) {
    const int64_t G = gates_of(c.cell), block = c.block ? c.block : c.width;
    u = noise({c.batch, c.length, G * c.width}, Rng(c.seed, "solver study inputs"), 0.5);
    R = noise({G, c.width / block, block, block}, Rng(c.seed, "solver study matrices"),
              c.rho / std::sqrt(static_cast<double>(block)));
    loop.cell = spec.cell = c.cell;
    loop.solver = Solver::sequential;
    spec.solver = c.solver;
    spec.tolerance = c.tolerance;
    spec.max_iterations = c.max_iterations ? c.max_iterations : static_cast<int>(c.length);
    spec.clip = c.clip;
    spec.damping = c.damping;
    spec.start = c.start;
    spec.window = c.window;
  }

  struct Pass {
    Tensor h, du, dR;
    SolverReport report;
  };
  // Forward, and backward of the sum of h times random signs.
  Pass run(const RecurrenceSpec& how) const {
    Tensor v = u.clone(), S = R.clone();
    v.set_needs_grad(true);
    S.set_needs_grad(true);
    Pass pass;
    Tape tape;
    pass.h = nonlinear_recurrence(v, S, how, &pass.report);
    tape.backward(sum_all(mul(pass.h, noise(pass.h.shape(), Rng(0, "solver study gradient"), 1))));
    const auto gradient = [](const Tensor& t) {
      Tensor g = Tensor::empty(t.shape());
      std::copy_n(t.grad(), t.size(), g.data());
      return g;
    };
    pass.du = gradient(v);
    pass.dR = gradient(S);
    return pass;
  }

  double seconds(const RecurrenceSpec& how) const {
    const Stopwatch watch;
    nonlinear_recurrence(u, R, how);
    return watch.seconds();
  }
};

bool prefix_exact(const Problem& problem, const Tensor& exact) {
  for (int sweeps : {1, 2, 5}) {
    if (sweeps > exact.dim(1)) break;
    RecurrenceSpec spec = problem.spec;
    spec.sweeps = sweeps;
    spec.window = 0;
    const Tensor h = slice(nonlinear_recurrence(problem.u, problem.R, spec), 1, 0, sweeps);
    const Tensor expected = slice(exact, 1, 0, sweeps);
    if (!(largest_difference(h.size(), h.data(), expected.data()) <= 1e-6)) return false;
  }
  return true;
}

// Loop and solver take turns, so that a neighbour's noise meets both.
void time_both(const Problem& problem, int repetitions, SolverRow& row) {
  if (repetitions == 0) return;
  std::vector<double> loop, parallel;
  for (int i = 0; i < repetitions; ++i) {
    loop.push_back(problem.seconds(problem.loop));
    parallel.push_back(problem.seconds(problem.spec));
  }
  row.seconds_sequential = median(loop);
  row.seconds_parallel = median(parallel);
}

int64_t scan_depth(int64_t length) {
  int64_t levels = 0;
  while ((int64_t{1} << levels) < length) ++levels;
  return 2 * levels;
}

}  // namespace

SolverRow measure_solver(const SolverCase& c) {
  const Threads scope(c.threads);
  const Problem problem(c);
  const Problem::Pass exact = problem.run(problem.loop), pass = problem.run(problem.spec);
  SolverRow row;
  row.of = c;
  row.report = pass.report;
  row.prefix_exact = prefix_exact(problem, exact.h);
  row.output_error = largest_difference(exact.h.size(), pass.h.data(), exact.h.data());
  row.gradient_error =
      std::max(relative_difference(pass.du, exact.du), relative_difference(pass.dR, exact.dR));
  row.depth_sequential = c.length;
  row.depth_parallel =
      pass.report.iterations * scan_depth(c.window ? std::min(c.window, c.length) : c.length);
  time_both(problem, c.repetitions, row);
  const bool passes = pass.report.converged && row.output_error <= kOutputErrorAllowed &&
                      row.gradient_error <= kGradientErrorAllowed;
  if (passes && row.seconds_parallel > 0)
    row.speedup = row.seconds_sequential / row.seconds_parallel;
  return row;
}

std::vector<SolverRow> study_solvers(const SolverStudy& study) {
  std::vector<SolverRow> rows;
  SolverCase c = study.rest;
  for (Cell cell : study.cells)
    for (double rho : study.rhos)
      for (int64_t width : study.widths)
        for (int64_t length : study.lengths)
          for (int threads : study.threads)
            for (Solver solver : study.solvers) {
              c.cell = cell;
              c.rho = rho;
              c.width = width;
              c.length = length;
              c.threads = threads;
              c.solver = solver;
              rows.push_back(measure_solver(c));
            }
  return rows;
}

std::string solver_study_csv(const std::vector<SolverRow>& rows) {
  std::string csv =
      csv_line({"model", "solver", "length", "iterations", "residual", "unconverged_fraction",
                "output_error", "gradient_error", "seconds_sequential", "seconds_parallel",
                "speedup", "depth_sequential", "depth_parallel", "threads", "width", "block", "rho",
                "largest_iterate", "prefix_exact"});
  for (const SolverRow& row : rows) {
    const SolverCase& c = row.of;
    const auto time = [&](double seconds) { return c.repetitions ? csv_text(seconds) : ""; };
    csv += csv_line({std::string("rnn-") + cell_name(c.cell), solver_name(c.solver),
                     csv_text(c.length), csv_text(int64_t{row.report.iterations}),
                     csv_text(row.report.residual), csv_text(row.report.unconverged_fraction),
                     csv_text(row.output_error), csv_text(row.gradient_error),
                     time(row.seconds_sequential), time(row.seconds_parallel),
                     row.speedup ? csv_text(*row.speedup) : "", csv_text(row.depth_sequential),
                     csv_text(row.depth_parallel), csv_text(int64_t{c.threads}), csv_text(c.width),
                     csv_text(c.block), csv_text(c.rho), csv_text(row.report.largest),
                     row.prefix_exact ? "true" : "false"});
  }
  return csv;
}

const char* cell_name(Cell cell) {
  switch (cell) {
    case Cell::tanh:
      return "tanh";
    case Cell::gru:
      return "gru";
    case Cell::lstm:
      return "lstm";
    case Cell::cifg:
      return "cifg";
    case Cell::leaky:
      return "leaky";
  }
  return "";
}

const char* solver_name(Solver solver) {
  switch (solver) {
    case Solver::sequential:
      return "sequential";
    case Solver::newton:
      return "newton";
    case Solver::quasi_newton:
      return "quasi_newton";
    case Solver::first_order:
      return "first_order";
    case Solver::fixed_a:
      return "fixed_a";
    case Solver::picard:
      return "picard";
    case Solver::jacobi:
      return "jacobi";
    case Solver::elk:
      return "elk";
    case Solver::clip_elk:
      return "clip_elk";
    case Solver::automatic:
      return "auto";
  }
  return "";
}

}  // namespace longhaul
