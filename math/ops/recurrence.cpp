// nonlinear_recurrence: checks, the choice of solver, and what is told about it.
#include "math/recurrence.h"

#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

Recurrence checked(const Tensor& u, const Tensor& recurrent, Cell cell) {
  const int64_t G = cell == Cell::gru ? 3 : 1;
  const bool ranks = u.rank() == 3 && recurrent.rank() == 4 && recurrent.dim(0) == G;
  const int64_t N = ranks ? u.dim(2) / G : 0, block = ranks ? recurrent.dim(2) : 0;
  require(ranks && u.dim(2) == G * N && recurrent.dim(3) == block && recurrent.dim(1) * block == N,
          "nonlinear_recurrence: u ", u.shape(), " and recurrent ", recurrent.shape(),
          " are not [B, T, ", G, " N] and [", G, ", N / block, block, block]");
  return {cell, u.dim(0), u.dim(1), N, G, block, u.data(), recurrent.data()};
}

// The faster solver by measurement (bench/recurrence_bench.cpp).
Solver faster(const Recurrence&) { return Solver::sequential; }

void tell(const RecurrenceSpec& spec, const Recurrence& r, const Solution& s) {
  note("solver.iterations", s.report.iterations);
  note("solver.residual", s.report.residual);
  note("solver.unconverged", s.report.converged ? 0 : 1);
  if (!spec.audit) return;
  const Tensor exact = solve_sequential(r, false).h;
  double error = 0;
  for (int64_t i = 0; i < exact.size(); ++i) {
    const double difference = std::abs(double{s.h.data()[i]} - double{exact.data()[i]});
    if (!(difference <= error)) error = difference;
  }
  note("solver.error", error);
}

}  // namespace

Tensor nonlinear_recurrence(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& spec,
                            SolverReport* report) {
  const Recurrence r = checked(u, recurrent, spec.cell);
  const Solver solver = spec.solver == Solver::automatic ? faster(r) : spec.solver;
  Solution s = solver == Solver::newton ? solve_newton(r, spec.tolerance, spec.max_iterations)
                                        : solve_sequential(r, Tape::active() != nullptr);
  count_flops(r.product_flops() / std::max<int64_t>(r.B, 1) * s.products);
  if (report) *report = s.report;
  tell(spec, r, s);
  record(s.h, {u, recurrent}, [=] { reverse_recurrence(r, s, u, recurrent); });
  return s.h;
}

}  // namespace longhaul
