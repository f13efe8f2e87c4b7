// nonlinear_recurrence by sweeps over all steps at once, from h = 0:
//
//   h_t = f_t + M_t (h_{t-1} - h'_{t-1}),   f_t = cell(h'_{t-1}, u_t),   h' the last iterate
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

struct Outcome {
  SolverReport report;
  int64_t products = 0;
};

// One sequence: two iterates that take turns.
class Iteration {
 public:
  Iteration(const Recurrence& one, const RecurrenceSpec& spec, Sweep& sweep)
      : r_(one), spec_(spec), sweep_(sweep), planes_(planes_of(one.cell)) {
    for (Tensor& buffer : buffers_) buffer = Tensor({planes_, r_.T + 1, r_.N});
  }

  Outcome run() {
    Outcome o;
    SolverReport& report = o.report;
    for (;; ++report.iterations) {
      const Sweep::Seen seen = sweep_.evaluate(now());
      ++o.products;
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
      ++o.products;
      leave_state(report.iterations);
    }
  }

  void copy(float* h, float* c) const {
    std::copy_n(now(), r_.T * r_.N, h);
    if (c) std::copy_n(now() + (r_.T + 1) * r_.N, r_.T * r_.N, c);
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
  PooledVector<Outcome> outcomes(static_cast<std::size_t>(r.B));
  const auto solve = [&](int64_t b) {
    Recurrence one = r;
    one.B = 1;
    one.u = r.u + b * r.T * r.G * r.N;
    if (r.leak) one.leak = r.leak + b * r.T;
    if (r.state) one.state = r.state + b * spec.sweeps * planes * r.N;
    const int64_t first = b * r.T * r.N;
    const auto part = [&](const Tensor& t) { return t.defined() ? t.data() + first : nullptr; };
    float* c = planes > 1 ? s.value.data() + r.plane() + first : nullptr;
    Sweep sweep(one, spec, product, {part(s.value), c, part(s.kept), r.plane()}, r.plane());
    Iteration iteration(one, spec, sweep);
    outcomes[b] = iteration.run();
    iteration.copy(part(s.h), part(s.c));
  };
  if (r.B == 1)
    solve(0);  // threads share its time
  else
    parallel_for(r.B, 1, [&](int64_t b, int64_t) { solve(b); });
  JoinedReport joined;
  for (const Outcome& o : outcomes) {
    joined.add(o.report);
    s.products += o.products;
  }
  s.report = joined.all();
  return s;
}

void JoinedReport::add(const SolverReport& one) {
  worst_.iterations = std::max(worst_.iterations, one.iterations);
  if (!std::isnan(worst_.residual) && !(one.residual <= worst_.residual))
    worst_.residual = one.residual;
  worst_.largest = std::max(worst_.largest, one.largest);
  ++solves_;
  unconverged_ += one.converged ? 0 : 1;
}

SolverReport JoinedReport::all() const {
  SolverReport all = worst_;
  all.converged = unconverged_ == 0;
  all.unconverged_fraction = solves_ > 0 ? unconverged_ / solves_ : 0;
  return all;
}

}  // namespace longhaul
