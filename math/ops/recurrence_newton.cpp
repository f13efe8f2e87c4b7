// nonlinear_recurrence by Newton's method on all steps at once (DEER, Lim et al. 2023,
// arXiv:2309.12252). A sweep evaluates the cell around the last iterate h', f_t = cell(h'_{t-1},
// u_t) with Jacobian J_t, and solves the linear recurrence exactly:
//
//   h_t = clip(f_t + J_t d_{t-1}),   d_t = h_t - h'_t
//
// The clip to [-1, 1], where every h lies, does nothing near the solution; far from it, where J is
// larger than 1, it keeps a sweep from growing without bound. After n sweeps the first n steps are
// exact. f takes products of R with many steps at once; the linear
// solve takes matrix-vector products alone: J is applied and never formed. The exception are narrow
// blocks (diagonal, or up to 4 outside a lane): there the blocks of J are stored, and outside a
// lane a long solve is cut into chunks whose Jacobians are composed, b^3 per block and step.
#include <algorithm>
#include <cmath>
#include <limits>

#include "math/memory.h"
#include "math/parallel.h"
#include "math/recurrence.h"
#include "math/vector.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 1024;      // steps that one thread evaluates or solves
constexpr int64_t kSpanValues = 512;  // values of a diagonal cell evaluated in one go

template <class F>
inline F clip(F x, float bound) {  // -bound for a NaN
  const F low = F{} - bound, high = F{} + bound;
  const F above = x > low ? x : low;
  return above < high ? above : high;
}

double largest_difference(int64_t n, const float* a, const float* b) {
  float largest = 0;
  int broken = 0;
#pragma omp simd reduction(max : largest) reduction(| : broken)
  for (int64_t i = 0; i < n; ++i) {
    const float difference = std::abs(a[i] - b[i]);
    largest = std::max(largest, difference);
    broken |= !(difference <= std::numeric_limits<float>::max());
  }
  return broken ? std::numeric_limits<double>::quiet_NaN() : largest;
}

// The iteration for one sequence. Iterates are pointers to h_0; the row before it holds h_{-1} = 0.
class Newton {
 public:
  // `at`: where value (= f) and gates of the last evaluated iterate are left.
  Newton(const Recurrence& one, const BlockProduct& product, const CellOutput& at);

  // f, the gates and J around h; returns max |f - h|, or NaN if any is not finite.
  double evaluate(const float* h);
  // The next iterate.
  void solve(const float* h, float* next);

 private:
  void evaluate_rows(int64_t begin, int64_t end, const float* h);
  void evaluate_diagonal(int64_t begin, int64_t end, const float* h);
  void store_jacobian(int64_t begin, int64_t end);
  void solve_wide(const float* h, float* next);
  template <int b>
  void solve_narrow(const float* h, float* next);

  CellOutput at_row(int64_t t) const {
    return {at_.value + t * N_, gated_ ? at_.gates + t * N_ : nullptr, at_.gate_stride};
  }

  const Recurrence& r_;
  const BlockProduct& product_;
  const CellOutput at_;
  const int64_t T_, N_, G_;
  const bool gated_;
  const bool narrow_;   // J is stored, by blocks
  const bool chunked_;  // the solve is cut into chunks
  Tensor u_;            // diagonal gru: u as planes [G, T, N]
  Tensor pattern_;      // diagonal: R repeated, [G, span * N]
  Tensor slopes_;       // [G, T, N]
  Tensor keep_;         // gru: [T, N]
  Tensor jacobian_;     // narrow: [T, N, block]
};

Newton::Newton(const Recurrence& one, const BlockProduct& product, const CellOutput& at)
    : r_(one),
      product_(product),
      at_(at),
      T_(one.T),
      N_(one.N),
      G_(one.G),
      gated_(one.cell == Cell::gru),
      narrow_(one.block == 1 || (one.block <= 4 && !LaneScope::inside())),
      chunked_(!LaneScope::inside() && T_ >= 2 * kChunk) {
  slopes_ = Tensor::empty({G_, T_, N_});
  keep_ = Tensor::empty({gated_ ? T_ : 0, N_});
  if (narrow_) jacobian_ = Tensor::empty({T_, N_, r_.block});
  if (r_.block > 1) return;
  const int64_t span = std::max<int64_t>(1, kSpanValues / N_);
  pattern_ = Tensor::empty({G_, span, N_});
  for (int64_t g = 0; g < G_; ++g)
    for (int64_t t = 0; t < span; ++t)
      std::copy_n(r_.recurrent + g * N_, N_, pattern_.data() + (g * span + t) * N_);
  if (!gated_) return;
  u_ = Tensor::empty({G_, T_, N_});
  for (int64_t g = 0; g < G_; ++g)
    for (int64_t t = 0; t < T_; ++t)
      std::copy_n(r_.u + (t * G_ + g) * N_, N_, u_.data() + (g * T_ + t) * N_);
}

double Newton::evaluate(const float* h) {
  const Tensor residuals({(T_ + kChunk - 1) / kChunk});
  parallel_for(T_, kChunk, [&](int64_t begin, int64_t end) {
    if (r_.block == 1)
      evaluate_diagonal(begin, end, h);
    else
      evaluate_rows(begin, end, h);
    const int64_t first = begin * N_, n = (end - begin) * N_;
    cell_slopes(r_.cell, n, at_row(begin), h + first - N_, slopes_.data() + first, T_ * N_,
                gated_ ? keep_.data() + first : nullptr);
    if (narrow_) store_jacobian(begin, end);
    residuals.data()[begin / kChunk] =
        static_cast<float>(largest_difference(n, at_.value + first, h + first));
  });
  float largest = 0;
  for (int64_t i = 0; i < residuals.size(); ++i) {
    const float residual = residuals.data()[i];
    if (!(residual <= largest)) largest = residual;
    if (std::isnan(residual)) break;
  }
  return largest;
}

void Newton::evaluate_rows(int64_t begin, int64_t end, const float* h) {
  constexpr int kGroup = BlockProduct::kGroup;
  const Tensor p = Tensor::empty({kGroup, product_.vector_stride()});
  for (int64_t first = begin; first < end; first += kGroup) {
    const int count = static_cast<int>(std::min<int64_t>(kGroup, end - first));
    const float* before[kGroup];
    for (int i = 0; i < count; ++i) before[i] = h + (first + i - 1) * N_;
    product_.apply(count, before, p.data());
    for (int i = 0; i < count; ++i)
      cell_values(r_.cell, N_,
                  {r_.u + (first + i) * G_ * N_, p.data() + i * product_.vector_stride(), before[i],
                   N_, product_.stride()},
                  at_row(first + i));
  }
}

// Positions of neighbouring steps are neighbours in memory, so that even one channel fills vectors.
void Newton::evaluate_diagonal(int64_t begin, int64_t end, const float* h) {
  const int64_t span = pattern_.dim(1);
  const Tensor p = Tensor::empty({G_, span * N_});
  const float* u = gated_ ? u_.data() : r_.u;
  for (int64_t t = begin; t < end; t += span) {
    const int64_t n = std::min(span, end - t) * N_;
    const float* before = h + (t - 1) * N_;
    for (int64_t g = 0; g < G_; ++g) {
      const float* R = pattern_.data() + g * span * N_;
      float* product = p.data() + g * span * N_;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) product[i] = R[i] * before[i];
    }
    cell_values(r_.cell, n, {u + t * N_, p.data(), before, T_ * N_, span * N_}, at_row(t));
  }
}

void Newton::store_jacobian(int64_t begin, int64_t end) {
  const int64_t b = r_.block, span = b == 1 ? pattern_.dim(1) : 1;
  for (int64_t t = begin; t < end; t += span) {
    const int64_t n = std::min(span, end - t) * N_;
    float* J = jacobian_.data() + t * N_ * b;
    for (int64_t g = 0; g < G_; ++g) {
      const float* slope = slopes_.data() + (g * T_ + t) * N_;
      if (b == 1) {
        const float* R = pattern_.data() + g * span * N_;
        const float* start = g ? J : gated_ ? keep_.data() + t * N_ : nullptr;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) J[i] = slope[i] * R[i] + (start ? start[i] : 0.0f);
        continue;
      }
      const float* R = r_.recurrent + g * N_ * b;
      for (int64_t i = 0; i < N_; ++i)
        for (int64_t j = 0; j < b; ++j) {
          const float start = g                      ? J[i * b + j]
                              : gated_ && i % b == j ? keep_.data()[t * N_ + i]
                                                     : 0;
          J[i * b + j] = slope[i] * R[i * b + j] + start;
        }
    }
  }
}

void Newton::solve(const float* h, float* next) {
  if (!narrow_) return solve_wide(h, next);
  switch (r_.block) {
    case 1:
      return solve_narrow<1>(h, next);
    case 2:
      return solve_narrow<2>(h, next);
    case 3:
      return solve_narrow<3>(h, next);
    default:
      return solve_narrow<4>(h, next);
  }
}

void Newton::solve_wide(const float* h, float* next) {
  const Tensor change({N_});  // d_t
  const Tensor product = Tensor::empty({product_.vector_stride()});
  const float* d = change.data();
  for (int64_t t = 0; t < T_; ++t) {
    product_.apply(1, &d, product.data());
    const float *f = at_.value + t * N_, *old = h + t * N_, *y = product.data();
    const float* slope = slopes_.data() + t * N_;
    float *out = next + t * N_, *to = change.data();
    if (gated_) {
      const int64_t plane = T_ * N_, gate = product_.stride();
      const float* keep = keep_.data() + t * N_;
#pragma omp simd
      for (int64_t i = 0; i < N_; ++i) {
        const float Jd = keep[i] * to[i] + slope[i] * y[i] + slope[plane + i] * y[gate + i] +
                         slope[2 * plane + i] * y[2 * gate + i];
        out[i] = clip(f[i] + Jd, 1);
        to[i] = out[i] - old[i];
      }
    } else {
#pragma omp simd
      for (int64_t i = 0; i < N_; ++i) {
        const float Jd = slope[i] * y[i];
        out[i] = clip(f[i] + Jd, 1);
        to[i] = out[i] - old[i];
      }
    }
  }
}

// One block, or for b = 1 eight channels at once, over a stretch of time: its arrays begin at the
// first step and advance by N (J by N b) a step.
struct Stretch {
  int64_t steps, N;
  const float *f, *h, *J;
};

// d = what the stretch ends with, next = h of every step.
template <int b, class F>
void solve_stretch(const Stretch& s, F (&d)[b], float* next) {
  for (int64_t t = 0; t < s.steps; ++t) {
    F before[b];
    std::copy_n(d, b, before);
    for (int i = 0; i < b; ++i) {
      F Jd = F{};
      for (int j = 0; j < b; ++j) Jd += load<F>(s.J + (t * s.N + i) * b + j) * before[j];
      const F h = clip(load<F>(s.f + t * s.N + i) + Jd, 1);
      store<F>(next + t * s.N + i, h);
      d[i] = h - load<F>(s.h + t * s.N + i);
    }
  }
}

// The stretch as one affine map of d: d -> offset + M d.
template <int b, class F>
void compose_stretch(const Stretch& s, F (&M)[b][b], F (&offset)[b]) {
  for (int64_t t = 0; t < s.steps; ++t) {
    F earlier[b][b], before[b];
    std::copy_n(&M[0][0], b * b, &earlier[0][0]);
    std::copy_n(offset, b, before);
    for (int i = 0; i < b; ++i) {
      offset[i] = load<F>(s.f + t * s.N + i) - load<F>(s.h + t * s.N + i);
      for (int k = 0; k < b; ++k) M[i][k] = F{};
      for (int j = 0; j < b; ++j) {
        const F J = load<F>(s.J + (t * s.N + i) * b + j);
        offset[i] += J * before[j];
        for (int k = 0; k < b; ++k) M[i][k] += J * earlier[j][k];
      }
    }
  }
}

template <int b>
void Newton::solve_narrow(const float* h, float* next) {
  const int64_t size = chunked_ ? kChunk : std::max<int64_t>(T_, 1);
  const int64_t chunks = (T_ + size - 1) / size;
  Tensor starts({chunks, N_});   // d before each chunk
  Tensor maps({chunks, N_, b});  // M of each chunk
  // Calls visit(first channel, F) for every block, or every eight channels of a diagonal.
  const auto each_block = [&](auto visit) {
    int64_t n = 0;
    if constexpr (b == 1)
      for (; n + kVectorWidth <= N_; n += kVectorWidth) visit(n, Vector{});
    for (; n < N_; n += b) visit(n, float{});
  };
  const auto stretch = [&](int64_t begin, int64_t end, int64_t n) {
    const int64_t first = begin * N_ + n;
    return Stretch{end - begin, N_, at_.value + first, h + first, jacobian_.data() + first * b};
  };
  if (chunks > 1) {
    parallel_for((chunks - 1) * size, size, [&](int64_t begin, int64_t end) {
      const int64_t c = begin / size;
      each_block([&](int64_t n, auto type) {
        using F = decltype(type);
        F M[b][b] = {}, offset[b] = {};
        for (int i = 0; i < b; ++i) M[i][i] = F{} + 1;
        compose_stretch<b, F>(stretch(begin, end, n), M, offset);
        for (int i = 0; i < b; ++i) {
          store<F>(starts.data() + (c + 1) * N_ + n + i, offset[i]);
          for (int j = 0; j < b; ++j) store<F>(maps.data() + (c * N_ + n + i) * b + j, M[i][j]);
        }
      });
    });
    for (int64_t c = 1; c < chunks; ++c)
      for (int64_t n = 0; n < N_; ++n) {
        float& start = starts.data()[c * N_ + n];
        for (int64_t j = 0; c > 1 && j < b; ++j)
          start +=
              maps.data()[((c - 1) * N_ + n) * b + j] * starts.data()[(c - 1) * N_ + n / b * b + j];
        start = clip(start, 2);  // a composed map knows no clip; the difference of two h does
      }
  }
  parallel_for(T_, size, [&](int64_t begin, int64_t end) {
    each_block([&](int64_t n, auto type) {
      using F = decltype(type);
      F d[b];
      for (int i = 0; i < b; ++i) d[i] = load<F>(starts.data() + begin / size * N_ + n + i);
      solve_stretch<b, F>(stretch(begin, end, n), d, next + begin * N_ + n);
    });
  });
}

struct Outcome {
  SolverReport report;
  int64_t products = 0;
};

Outcome iterate(Newton& newton, int64_t T, int64_t N, double tolerance, int max_iterations,
                float* h) {
  const int64_t size = (T + 1) * N;
  Tensor buffers[2] = {Tensor({size}), Tensor({size})};
  int current = 0;
  const auto iterate_at = [&](int i) { return buffers[i].data() + N; };
  Outcome o;
  SolverReport& report = o.report;
  for (;; ++report.iterations) {
    report.residual = newton.evaluate(iterate_at(current));
    ++o.products;
    if (report.residual <= tolerance) break;
    if (report.iterations == max_iterations || std::isnan(report.residual)) {
      report.converged = false;
      break;
    }
    newton.solve(iterate_at(current), iterate_at(1 - current));
    ++o.products;
    current = 1 - current;
  }
  std::copy_n(iterate_at(current), T * N, h);
  return o;
}

}  // namespace

Solution solve_newton(const Recurrence& r, double tolerance, int max_iterations) {
  Solution s;
  s.h = Tensor::empty({r.B, r.T, r.N});
  s.value = Tensor::empty({r.B, r.T, r.N});
  if (r.cell == Cell::gru) s.gates = Tensor::empty({kGateCount, r.B, r.T, r.N});
  if (s.h.size() == 0) return s;
  const BlockProduct product(r, false);
  PooledVector<Outcome> outcomes(static_cast<std::size_t>(r.B));
  const auto solve = [&](int64_t b) {
    Recurrence one = r;
    one.B = 1;
    one.u = r.u + b * r.T * r.G * r.N;
    const int64_t first = b * r.T * r.N;
    Newton newton(
        one, product,
        {s.value.data() + first, s.gates.defined() ? s.gates.data() + first : nullptr, r.plane()});
    outcomes[b] = iterate(newton, r.T, r.N, tolerance, max_iterations, s.h.data() + first);
  };
  if (r.B == 1)
    solve(0);  // threads share its time
  else
    parallel_for(r.B, 1, [&](int64_t b, int64_t) { solve(b); });
  for (const Outcome& o : outcomes) {
    s.report.iterations = std::max(s.report.iterations, o.report.iterations);
    if (!std::isnan(s.report.residual) && !(o.report.residual <= s.report.residual))
      s.report.residual = o.report.residual;
    s.report.converged &= o.report.converged;
    s.products += o.products;
  }
  return s;
}

}  // namespace longhaul
