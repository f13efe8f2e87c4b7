// nonlinear_recurrence: checks, the choice of solver, and what is told about it.
#include "math/recurrence/recurrence.h"

#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/last_states.h"
#include "math/recurrence/lyapunov.h"
#include "math/recurrence/parallel.h"
#include "math/recurrence/reverse.h"
#include "math/recurrence/sequential.h"

namespace longhaul {
namespace {

Recurrence checked(const Tensor& u, const Tensor& recurrent, Cell cell, const Tensor& peepholes) {
  require(cell != Cell::leaky, "nonlinear_recurrence: the leaky cell is m2rnn_recurrence's alone");
  const int64_t G = gates_of(cell);
  const bool ranks = u.rank() == 3 && recurrent.rank() == 4 && recurrent.dim(0) == G;
  const int64_t N = ranks ? u.dim(2) / G : 0, block = ranks ? recurrent.dim(2) : 0;
  require(ranks && u.dim(2) == G * N && recurrent.dim(3) == block && recurrent.dim(1) * block == N,
          "nonlinear_recurrence: u ", u.shape(), " and recurrent ", recurrent.shape(),
          " are not [B, T, ", G, " N] and [", G, ", N / block, block, block]");
  require(!peepholes.defined() || (cell == Cell::cifg && peepholes.shape() == Shape{2, N}),
          "nonlinear_recurrence: peepholes ", peepholes.shape(),
          "; a cifg alone has them, shaped [2, ", N, "]");
  Recurrence r{cell, u.dim(0), u.dim(1), N, G, block, u.data(), recurrent.data()};
  if (peepholes.defined()) r.peepholes = peepholes.data();
  return r;
}

// Zeros for a cifg without any.
Tensor peepholes_of(Cell cell, const Tensor& u, const Tensor& given) {
  if (given.defined() || cell != Cell::cifg) return given;
  return Tensor({2, u.dim(-1) / gates_of(cell)});
}

// The faster solver by measurement (bench/solver_study.cpp, speed): newton beats the loop only
// where a step of the loop has a single number to work on and there are thousands of them.
Solver faster(Cell cell, int64_t N, int64_t T) {
  return N == 1 && T >= 4096 && !has_memory(cell) ? Solver::newton : Solver::sequential;
}

bool is_loop(const RecurrenceSpec& spec) { return spec.solver == Solver::sequential; }

void audit_gradient(const Recurrence& r, const Solution& s) {
  const auto gradient = [&](const Solution& of) {
    const Tensor a = Tensor::empty({r.G * r.plane()}), du = Tensor::empty({r.G * r.plane()});
    solve_back(r, of, s.h.grad(), a.data(), du.data());
    return r.cell == Cell::gru ? du : a;
  };
  const Tensor exact = gradient(solve_sequential(r, true));
  const double largest = largest_difference(exact, Tensor(exact.shape()));
  if (largest > 0) note("solver.gradient_error", largest_difference(gradient(s), exact) / largest);
}

// Start::last: from the states of the last training step, which it replaces.
Solution solve_from_start(Recurrence r, const RecurrenceSpec& spec) {
  LastStates* last = spec.start == Start::last ? LastStates::active() : nullptr;
  if (!last) return solve_parallel(r, spec);
  const int64_t planes = planes_of(r.cell), size = r.T * r.N;
  const LastStates::Place place = last->place(spec.layer, {r.B, planes, r.T, r.N});
  r.start = place.before;
  const Solution s = solve_parallel(r, spec);
  for (int64_t b = 0; b < r.B; ++b) {
    std::copy_n(s.h.data() + b * size, size, place.now + b * planes * size);
    if (planes > 1) std::copy_n(s.c.data() + b * size, size, place.now + (b * planes + 1) * size);
  }
  return s;
}

void add_exponents(const Recurrence& r, const Solution& s) {
  Recurrence one = r;
  one.B = 1;
  for (int64_t b = 0; b < r.B && r.T > 1 && r.N > 0; ++b) {
    one.u = r.u + b * r.T * r.G * r.N;
    const int64_t first = b * r.T * r.N;
    Exponents::active()->add(
        largest_exponent(one, s.h.data() + first, s.c.defined() ? s.c.data() + first : nullptr));
  }
}

}  // namespace

double largest_difference(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(double{a.data()[i]} - double{b.data()[i]});
    if (!(difference <= largest)) largest = difference;  // a NaN stays
  }
  return largest;
}

void note_report(const SolverReport& report) {
  note("solver.iterations", report.iterations);
  note("solver.residual", report.residual);
  note("solver.unconverged", report.unconverged_fraction);
}

Tensor nonlinear_recurrence(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& given,
                            SolverReport* report, const Tensor& given_peepholes) {
  const Tensor peepholes = peepholes_of(given.cell, u, given_peepholes);
  const Recurrence r = checked(u, recurrent, given.cell, peepholes);
  RecurrenceSpec spec = given;
  if (spec.solver == Solver::automatic) spec.solver = faster(r.cell, r.N, r.T);
  const bool taped = Tape::active() != nullptr;
  Solution s = is_loop(spec) ? solve_sequential(r, taped) : solve_from_start(r, spec);
  count_flops(r.step_flops() * s.applied);
  if (report) *report = s.report;
  note_report(s.report);
  if (spec.audit) note("solver.error", largest_difference(s.h, solve_sequential(r, false).h));
  if (Exponents::active()) add_exponents(r, s);
  if (spec.cell != Cell::tanh) s.value = Tensor();  // the reverse step reads what was kept
  record(s.h, {u, recurrent, peepholes}, [=, audit = spec.audit] {
    if (audit) audit_gradient(r, s);
    reverse_recurrence(r, s, u, recurrent, peepholes);
  });
  return s.h;
}

namespace {

// Whether decoding needs the last position alone, not that of every sweep.
bool keeps_no_sweeps(const RecurrenceSpec& spec) { return spec.sweeps == 0 || !spec.is_parallel(); }

}  // namespace

int64_t recurrence_state(int64_t N, const RecurrenceSpec& spec) {
  return (keeps_no_sweeps(spec) ? 1 : std::max(spec.sweeps, 1)) * planes_of(spec.cell) * N;
}

Tensor recurrence_step(const Tensor& u, const Tensor& recurrent, const RecurrenceSpec& spec,
                       Tensor& state, const Tensor& given_peepholes) {
  const Tensor peepholes = peepholes_of(spec.cell, u, given_peepholes);
  Recurrence r = checked(reshape(u, {u.dim(0), 1, u.dim(1)}), recurrent, spec.cell, peepholes);
  require(state.shape() == Shape{r.B, recurrence_state(r.N, spec)}, "recurrence_step: state ",
          state.shape(), " is not [", r.B, ", ", recurrence_state(r.N, spec), "]");
  state = state.clone();
  r.state = state.data();
  // A solver that converges arrives where the loop does.
  const Solution s = !keeps_no_sweeps(spec) ? solve_parallel(r, spec) : solve_sequential(r, false);
  count_flops(r.step_flops() * s.applied);
  return reshape(s.h, {r.B, r.N});
}

}  // namespace longhaul
