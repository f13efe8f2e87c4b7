// nonlinear_recurrence by sweeps over all steps at once, or over one window of them after another:
//
//   h_t = f_t + M_t (h_{t-1} - h'_{t-1}),   f_t = cell(h'_{t-1}, u_t),   h' the last iterate
//
// The first iterate is 0, f(0, u_t) or what is known of the last training step (Start).
//
// Any fixed point is the solution, whatever M; and whatever M, the first n steps are exact after n
// sweeps (but for the damped elk). What differs is how fast the rest follows. With J(h, u) the
// Jacobian of the cell by its state:
//
//   newton        J(h'_{t-1}, u_t)     DEER (Lim et al. 2023, arXiv:2309.12252):
//                                      each sweep squares the error
//   quasi_newton  its diagonal         Gonzalez et al. 2024, arXiv:2407.19115;
//                                      lstm, cifg: the 2 x 2 block of each channel
//   first_order   J(0, u_t)            diag(sech^2 u_t) A for tanh, kexue.fm/archives/9783
//   fixed_a       J(0, 0)              A for tanh, (I + R^n / 2) / 2 for gru, same source
//   picard        I
//   jacobi        0
//   elk           damped quasi_newton  damping.cpp
//   clip_elk      quasi_newton, each block no larger than 1, damping.cpp
//
// Iterates are clipped to where every h lies, [-clip, clip]: this does nothing near the solution;
// far from it, where M is larger than 1, it keeps a sweep from growing without bound.
#include "math/recurrence/parallel.h"

#include <cmath>

#include "math/memory.h"
#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"
#include "math/recurrence/sweep.h"

namespace longhaul {
namespace {

// Adds the next window, which had to wait for those before.
void follow(SolveOutcome& all, const SolveOutcome& next) {
  all.report.iterations += next.report.iterations;
  if (!(next.report.residual <= all.report.residual)) all.report.residual = next.report.residual;
  all.report.largest = std::max(all.report.largest, next.report.largest);
  all.report.converged &= next.report.converged;
  all.applied += next.applied;
}

// States of one sequence, [T, N]; c of a cell with a memory alone.
template <class Float>
struct States {
  Float *h = nullptr, *c = nullptr;

  States from(int64_t offset) const { return {h ? h + offset : h, c ? c + offset : c}; }
};

// One window of one sequence: two iterates that take turns.
class Iteration {
 public:
  Iteration(const Recurrence& window, const RecurrenceSpec& spec, Sweep& sweep)
      : r_(window), spec_(spec), sweep_(sweep), planes_(planes_of(window.cell)) {
    for (Tensor& buffer : buffers_) buffer = Tensor({planes_, r_.T + 1, r_.N});
  }

  // The state before the window.
  void follow(const States<float>& before) {
    for (const Tensor& buffer : buffers_) {
      std::copy_n(before.h, r_.N, buffer.data());
      if (before.c) std::copy_n(before.c, r_.N, buffer.data() + (r_.T + 1) * r_.N);
    }
  }
  // The first iterate.
  void guess(const States<const float>& guessed) {
    std::copy_n(guessed.h, r_.T * r_.N, now());
    if (guessed.c) std::copy_n(guessed.c, r_.T * r_.N, now() + (r_.T + 1) * r_.N);
  }

  SolveOutcome run() {
    SolveOutcome o;
    SolverReport& report = o.report;
    if (spec_.start == Start::cell) {
      sweep_.evaluate(now());
      sweep_.put_values(now());
      o.applied += r_.T;
    }
    for (;; ++report.iterations) {
      const Sweep::Seen seen = sweep_.evaluate(now());
      o.applied += r_.T;
      report.residual = seen.residual;
      report.largest = std::max(report.largest, seen.largest);
      report.converged = seen.residual <= spec_.tolerance;
      const bool last = spec_.sweeps
                            ? report.iterations == spec_.sweeps
                            : report.converged || report.iterations == spec_.max_iterations;
      if (last || std::isnan(seen.residual)) return o;
      std::swap(buffers_[0], buffers_[1]);
      enter_state(report.iterations);
      sweep_.solve(buffers_[1].data() + r_.N, now());
      o.applied += r_.T;
      leave_state(report.iterations);
    }
  }

  void copy(const States<float>& to) const {
    std::copy_n(now(), r_.T * r_.N, to.h);
    if (to.c) std::copy_n(now() + (r_.T + 1) * r_.N, r_.T * r_.N, to.c);
  }

 private:
  float* now() const { return buffers_[0].data() + r_.N; }

  // Decoding: the iterate of sweep k goes on from that of the same sweep one call before.
  void enter_state(int sweep) {
    for (int64_t i = 0; r_.state && i < planes_; ++i)
      std::copy_n(r_.state + (sweep * planes_ + i) * r_.N, r_.N,
                  buffers_[0].data() + i * (r_.T + 1) * r_.N);
  }
  void leave_state(int sweep) {
    for (int64_t i = 0; r_.state && i < planes_; ++i)
      std::copy_n(buffers_[0].data() + (i * (r_.T + 1) + r_.T) * r_.N, r_.N,
                  r_.state + (sweep * planes_ + i) * r_.N);
  }

  const Recurrence& r_;
  const RecurrenceSpec& spec_;
  Sweep& sweep_;
  const int64_t planes_;
  Tensor buffers_[2];  // the running iterate, the last: [planes, 1 + T, N], row 0 before the first
};

// One sequence, window by window. `at`: where values of the cell are left, planes `plane` apart.
SolveOutcome solve_windows(const Recurrence& one, const RecurrenceSpec& spec,
                           const BlockProduct& product, const CellOutput& at, int64_t plane,
                           const States<float>& found) {
  const int64_t size = spec.window ? spec.window : one.T;
  const States<const float> guessed{
      one.start, one.start && has_memory(one.cell) ? one.start + one.T * one.N : nullptr};
  SolveOutcome all;
  for (int64_t t = 0; t < one.T; t += size) {
    const int64_t first = t * one.N;
    Recurrence window = one;
    window.T = std::min(size, one.T - t);
    window.u = one.u + one.G * first;
    if (one.leak) window.leak = one.leak + t;
    Sweep sweep(window, spec, product, at.from(first), plane);
    Iteration iteration(window, spec, sweep);
    if (t) iteration.follow(found.from(first - one.N));
    if (guessed.h) iteration.guess(guessed.from(first));
    follow(all, iteration.run());
    iteration.copy(found.from(first));
  }
  return all;
}

}  // namespace

Solution solve_parallel(const Recurrence& r, const RecurrenceSpec& spec) {
  const int64_t planes = planes_of(r.cell);
  Solution s;
  s.h = Tensor::empty({r.B, r.T, r.N});
  s.value = Tensor::empty({planes, r.B, r.T, r.N});
  if (planes > 1) s.c = Tensor::empty({r.B, r.T, r.N});
  if (kept_of(r.cell)) s.kept = Tensor::empty({kept_of(r.cell), r.B, r.T, r.N});
  if (s.h.size() == 0) return s;
  const BlockProduct product(r, false);
  PooledVector<SolveOutcome> outcomes(static_cast<std::size_t>(r.B));
  const auto solve = [&](int64_t b) {
    Recurrence one = r;
    one.B = 1;
    one.u = r.u + b * r.T * r.G * r.N;
    if (r.leak) one.leak = r.leak + b * r.T;
    if (r.start) one.start = r.start + b * planes * r.T * r.N;
    if (r.state) one.state = r.state + b * spec.sweeps * planes * r.N;
    const int64_t first = b * r.T * r.N;
    const auto part = [&](const Tensor& t) { return t.defined() ? t.data() + first : nullptr; };
    float* c = planes > 1 ? s.value.data() + r.plane() + first : nullptr;
    outcomes[b] = solve_windows(one, spec, product, {part(s.value), c, part(s.kept), r.plane()},
                                r.plane(), {part(s.h), part(s.c)});
  };
  if (r.B == 1)
    solve(0);  // threads share its time
  else
    parallel_for(r.B, 1, [&](int64_t b, int64_t) { solve(b); });
  const SolveOutcome all = joined(outcomes);
  s.report = all.report;
  s.applied = all.applied;
  return s;
}

SolveOutcome joined(const PooledVector<SolveOutcome>& solves) {
  SolveOutcome all;
  double unconverged = 0;
  for (const SolveOutcome& one : solves) {
    SolverReport& worst = all.report;
    worst.iterations = std::max(worst.iterations, one.report.iterations);
    if (!std::isnan(worst.residual) && !(one.report.residual <= worst.residual))
      worst.residual = one.report.residual;
    worst.largest = std::max(worst.largest, one.report.largest);
    unconverged += one.report.converged ? 0 : 1;
    all.applied += one.applied;
  }
  all.report.converged = unconverged == 0;
  if (!solves.empty())
    all.report.unconverged_fraction = unconverged / static_cast<double>(solves.size());
  return all;
}

}  // namespace longhaul
