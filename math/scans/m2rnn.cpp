// The matrix-to-matrix nonlinear RNN, step by step or by the solvers of math/recurrence/. For one
// head, H [K, V]:
//
//   value    Z_t = tanh(H_{t-1} W + k_t^T v_t)   H_t = f_t H_{t-1} + (1 - f_t) Z_t   y_t = q_t H_t
//   reverse  G_t = dL/dH_t, with q_t^T dy_t in it; P_t = (1 - f_t) G_t (1 - Z_t^2):
//            dq_t = H_t dy_t   dk_t = P_t v_t   dv_t = k_t P_t   df_t = sum(G_t (H_{t-1} - Z_t))
//            dW += H_{t-1}^T P_t                G_{t-1} = f_t G_t + P_t W^T
//
// Rows of H are lanes-padded. The forward pass keeps H at every kChunk-th position, the reverse
// pass recomputes H and Z between from there, whatever solved it.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/gradient.h"
#include "math/kernels/head.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "math/recurrence/last_states.h"
#include "math/recurrence/lyapunov.h"
#include "math/recurrence/parallel.h"
#include "math/recurrence/recurrence.h"

namespace longhaul {
namespace {

using head::add_scaled;

constexpr int64_t kChunk = 16;

struct Problem {
  int64_t B, T, heads, K, V;
  const float *q, *k, *v, *f, *w;

  int64_t wide() const { return tile::round_up(V); }
  int64_t state() const { return K * wide(); }
  int64_t chunks() const { return (T + kChunk - 1) / kChunk; }
  int64_t at(int64_t head, int64_t t, int64_t width) const {
    return ((head / heads * T + t) * heads + head % heads) * width;
  }
  int64_t steps() const { return B * T * heads; }
  // `applied`: how often W, to an H.
  int64_t flops(int64_t applied) const { return 2 * K * V * (applied * V + 2 * steps()); }
};

// W of a head and its transpose, [V, wide].
struct Weights {
  Weights(const Problem& p, int64_t head) : plain({p.V, p.wide()}), turned({p.V, p.wide()}) {
    const float* from = p.w + head % p.heads * p.V * p.V;
    for (int64_t i = 0; i < p.V; ++i)
      for (int64_t j = 0; j < p.V; ++j) {
        plain.data()[i * p.wide() + j] = from[i * p.V + j];
        turned.data()[j * p.wide() + i] = from[i * p.V + j];
      }
  }
  Tensor plain, turned;
};

// Z and H of position t from the state before it; `next` may be `before`.
void advance(const Problem& p, int64_t head, int64_t t, const Weights& w, const float* before,
             float* z, float* next) {
  const int64_t wide = p.wide();
  const float *k = p.k + p.at(head, t, p.K), *v = p.v + p.at(head, t, p.V);
  const float f = p.f[p.at(head, t, 1)];
  tile::product(p.K, p.V, wide, {before, wide}, w.plain.data(), wide, z, wide, false);
  for (int64_t i = 0; i < p.K; ++i) {
    float* row = z + i * wide;
#pragma omp simd
    for (int64_t j = 0; j < p.V; ++j) row[j] = vmath::tanh(std::fma(k[i], v[j], row[j]));
  }
#pragma omp simd
  for (int64_t i = 0; i < p.state(); ++i) next[i] = std::fma(f, before[i], (1 - f) * z[i]);
}

// y_t of a state whose rows lie `stride` apart.
void read_out(const Problem& p, int64_t head, int64_t t, const float* H, int64_t stride, float* y) {
  const float* q = p.q + p.at(head, t, p.K);
  float* out = y + p.at(head, t, p.V);
  std::fill_n(out, p.V, 0.0f);
  for (int64_t i = 0; i < p.K; ++i) add_scaled(out, q[i], H + i * stride, p.V);
}

SolveOutcome forward_head(const Problem& p, int64_t head, float* kept, float* y) {
  const Weights w(p, head);
  const Tensor H({p.state()}), z = Tensor::empty({p.state()});
  for (int64_t t = 0; t < p.T; ++t) {
    if (t % kChunk == 0) std::copy_n(H.data(), p.state(), kept + t / kChunk * p.state());
    advance(p, head, t, w, H.data(), z.data(), H.data());
    read_out(p, head, t, H.data(), p.wide(), y);
  }
  return {{}, p.T};
}

// A head as a recurrence of K V channels: u_t = k_t^T v_t, and one R = W^T for its K blocks.
struct LeakyHead {
  LeakyHead(const Problem& p, int64_t head)
      : u(Tensor::empty({p.T, p.K, p.V})),
        f(Tensor::empty({p.T})),
        R(Tensor::empty({p.V, p.V})),
        recurrence{Cell::leaky, 1, p.T, p.K * p.V, 1, p.V, u.data(), R.data()} {
    for (int64_t t = 0; t < p.T; ++t) {
      const float *k = p.k + p.at(head, t, p.K), *v = p.v + p.at(head, t, p.V);
      float* to = u.data() + t * p.K * p.V;
      for (int64_t i = 0; i < p.K * p.V; ++i) to[i] = k[i / p.V] * v[i % p.V];
      f.data()[t] = p.f[p.at(head, t, 1)];
    }
    const float* w = p.w + head % p.heads * p.V * p.V;
    for (int64_t i = 0; i < p.V * p.V; ++i) R.data()[i] = w[i % p.V * p.V + i / p.V];
    recurrence.leak = f.data();
    recurrence.is_shared = true;
  }

  Tensor u, f, R;
  Recurrence recurrence;
};

SolveOutcome solve_head(const Problem& p, int64_t head, const RecurrenceSpec& spec,
                        const LastStates::Place& last, float* kept, float* y) {
  LeakyHead leaky(p, head);
  const int64_t first = head * p.T * p.K * p.V;
  if (last.before) leaky.recurrence.start = last.before + first;
  const Solution s = solve_parallel(leaky.recurrence, spec);
  if (last.now) std::copy_n(s.h.data(), s.h.size(), last.now + first);
  const float* H = s.h.data();
  for (int64_t t = 0; t < p.T; ++t, H += p.K * p.V) {
    if (t > 0 && t % kChunk == 0)
      for (int64_t i = 0; i < p.K; ++i)
        std::copy_n(H + (i - p.K) * p.V, p.V, kept + t / kChunk * p.state() + i * p.wide());
    read_out(p, head, t, H, p.V, y);
  }
  return {s.report, s.applied};
}

// y and what the reverse step needs: H before every kChunk-th position of each head.
struct Forward {
  Tensor y, kept;
  SolveOutcome outcome = {};
};

Forward forward(const Problem& p, const RecurrenceSpec& spec) {
  const int64_t heads = p.B * p.heads;
  Forward all{Tensor::empty({p.B, p.T, p.heads * p.V}), Tensor({heads, p.chunks() * p.state()})};
  PooledVector<SolveOutcome> outcomes(static_cast<std::size_t>(heads));
  LastStates::Place last{};
  if (spec.is_parallel() && spec.start == Start::last && LastStates::active())
    last = LastStates::active()->place(spec.layer, {heads, p.T, p.K, p.V});
  parallel_for(heads, 1, [&](int64_t head, int64_t) {
    float* kept = all.kept.data() + head * p.chunks() * p.state();
    if (spec.is_parallel())
      outcomes[head] = solve_head(p, head, spec, last, kept, all.y.data());
    else
      outcomes[head] = forward_head(p, head, kept, all.y.data());
  });
  all.outcome = joined(outcomes);
  return all;
}

// Along the loop's states.
double head_exponent(const Problem& p, int64_t head) {
  const LeakyHead leaky(p, head);
  const Weights w(p, head);
  const Tensor states = Tensor::empty({p.T, p.K, p.V}), H({p.state()}), z({p.state()});
  for (int64_t t = 0; t < p.T; ++t) {
    advance(p, head, t, w, H.data(), z.data(), H.data());
    for (int64_t i = 0; i < p.K; ++i)
      std::copy_n(H.data() + i * p.wide(), p.V, states.data() + (t * p.K + i) * p.V);
  }
  return largest_exponent(leaky.recurrence, states.data(), nullptr);
}

// Of a sequence: the largest of its heads.
void add_exponents(const Problem& p) {
  if (p.T < 2 || p.state() == 0) return;
  PooledVector<double> exponents(static_cast<std::size_t>(p.B * p.heads));
  parallel_for(p.B * p.heads, 1,
               [&](int64_t head, int64_t) { exponents[head] = head_exponent(p, head); });
  for (auto of = exponents.begin(); of != exponents.end(); of += p.heads)
    Exponents::active()->add(*std::max_element(of, of + p.heads));
}

// Gradients of one head, [T, .] without gaps; dw [V, wide] is added to.
struct Gradients {
  const float* dy;
  float *dq, *dk, *dv, *df, *dw;
};

// G [K, wide] holds dL/dH_t without the read-out's part, then dL/dH_{t-1}.
void step_back(const Problem& p, int64_t head, int64_t t, const Weights& w, const float* before,
               const float* z, const float* now, float* G, float* P, const Gradients& to) {
  const int64_t wide = p.wide();
  const float *q = p.q + p.at(head, t, p.K), *k = p.k + p.at(head, t, p.K),
              *v = p.v + p.at(head, t, p.V), *dy = to.dy + p.at(head, t, p.V);
  const float f = p.f[p.at(head, t, 1)];
  float df = 0;
  for (int64_t i = 0; i < p.K; ++i) {
    float *g = G + i * wide, *pre = P + i * wide;
    const float *zi = z + i * wide, *hi = before + i * wide;
    add_scaled(g, q[i], dy, p.V);
    to.dq[t * p.K + i] = dot(now + i * wide, dy, p.V);
    df += fold(p.V, [=](float sum, int64_t j) { return std::fma(g[j], hi[j] - zi[j], sum); });
#pragma omp simd
    for (int64_t j = 0; j < p.V; ++j) pre[j] = (1 - f) * g[j] * std::fma(-zi[j], zi[j], 1.0f);
    to.dk[t * p.K + i] = dot(pre, v, p.V);
    add_scaled(to.dv + t * p.V, k[i], pre, p.V);
  }
  to.df[t] = df;
  tile::product(p.V, p.K, wide, {before, wide, true}, P, wide, to.dw, wide, true);
  for (int64_t i = 0; i < p.state(); ++i) G[i] *= f;
  tile::product(p.K, p.V, wide, {P, wide}, w.turned.data(), wide, G, wide, true);
}

void reverse_head(const Problem& p, int64_t head, const float* kept, const Gradients& to) {
  const Weights w(p, head);
  const int64_t size = p.state();
  const Tensor H = Tensor::empty({(kChunk + 1) * size}), Z({kChunk * size}), G({size}), P({size});
  for (int64_t chunk = p.chunks() - 1; chunk >= 0; --chunk) {
    const int64_t begin = chunk * kChunk, end = std::min(p.T, begin + kChunk);
    std::copy_n(kept + chunk * size, size, H.data());
    const auto state = [&](int64_t t) { return H.data() + (t - begin) * size; };
    const auto z = [&](int64_t t) { return Z.data() + (t - begin) * size; };
    for (int64_t t = begin; t < end; ++t) advance(p, head, t, w, state(t), z(t), state(t + 1));
    for (int64_t t = end - 1; t >= begin; --t)
      step_back(p, head, t, w, state(t), z(t), state(t + 1), G.data(), P.data(), to);
  }
}

Problem check(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& f, const Tensor& w,
              int64_t heads) {
  const int64_t V = w.rank() == 3 ? w.dim(2) : 0;
  const bool fits = heads > 0 && q.rank() == 3 && q.dim(2) % heads == 0 && k.shape() == q.shape() &&
                    w.shape() == Shape{heads, V, V} &&
                    v.shape() == Shape{q.dim(0), q.dim(1), heads * V} &&
                    f.shape() == Shape{q.dim(0), q.dim(1), heads};
  require(fits, "m2rnn_recurrence: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), ", f ",
          f.shape(), ", w ", w.shape(), " with ", heads,
          " heads; expected [B, T, h K] twice, [B, T, h V], [B, T, h], [h, V, V]");
  return {q.dim(0), q.dim(1), heads,    q.dim(2) / heads, V,
          q.data(), k.data(), v.data(), f.data(),         w.data()};
}

void put_head(const Problem& p, int64_t head, int64_t width, const float* from,
              const GradTarget& to) {
  for (int64_t t = 0; to.data && t < p.T; ++t) {
    const GradTarget row{to.data + p.at(head, t, width), to.accumulate};
    for (int64_t i = 0; i < width; ++i) row.data[i] = before(row, i) + from[t * width + i];
  }
}

// dq, dk, dv and df of one head, each [T, .], one after the other; adds to dw [V, wide].
Tensor head_gradients(const Problem& p, int64_t head, const Forward& forward, const float* dy,
                      float* dw) {
  const Tensor own({p.T, 2 * p.K + p.V + 1});
  float *dq = own.data(), *dk = dq + p.T * p.K, *dv = dk + p.T * p.K, *df = dv + p.T * p.V;
  const float* kept = forward.kept.data() + head * p.chunks() * p.state();
  reverse_head(p, head, kept, {dy, dq, dk, dv, df, dw});
  return own;
}

// Of the gradients of q, k, v and f, relative to the largest, against those at the loop's states.
void audit_gradients(const Problem& p, const Forward& solved, const Forward& loop) {
  const int64_t heads = p.B * p.heads;
  const Tensor apart({heads}), largest({heads}), dw({2 * heads, p.V * p.wide()});
  const float* dy = solved.y.grad();
  parallel_for(heads, 1, [&](int64_t head, int64_t) {
    float* own_dw = dw.data() + 2 * head * p.V * p.wide();
    const Tensor found = head_gradients(p, head, solved, dy, own_dw),
                 exact = head_gradients(p, head, loop, dy, own_dw + p.V * p.wide());
    apart.data()[head] = static_cast<float>(largest_difference(exact, found));
    largest.data()[head] = static_cast<float>(largest_difference(exact, Tensor(exact.shape())));
  });
  const double most = largest_difference(largest, Tensor({heads}));
  if (most > 0) note("solver.gradient_error", largest_difference(apart, Tensor({heads})) / most);
}

void reverse(const Problem& p, const Forward& forward, const Tensor& q, const Tensor& k,
             const Tensor& v, const Tensor& f, const Tensor& w) {
  count_flops(2 * p.flops(p.steps()));
  const int64_t heads = p.B * p.heads, matrix = p.V * p.wide();
  const GradTarget dq = target_of(q), dk = target_of(k), dv = target_of(v), df = target_of(f);
  const Tensor dw({heads, matrix});
  const float* dy = forward.y.grad();
  parallel_for(heads, 1, [&](int64_t head, int64_t) {
    const Tensor own = head_gradients(p, head, forward, dy, dw.data() + head * matrix);
    const float *q_own = own.data(), *k_own = q_own + p.T * p.K, *v_own = k_own + p.T * p.K;
    put_head(p, head, p.K, q_own, dq);
    put_head(p, head, p.K, k_own, dk);
    put_head(p, head, p.V, v_own, dv);
    put_head(p, head, 1, v_own + p.T * p.V, df);
  });
  for (int64_t row = 0; w.needs_grad() && row < heads * p.V; ++row)
    add_scaled(w.grad() + row % (p.heads * p.V) * p.V, 1, dw.data() + row * p.wide(), p.V);
}

}  // namespace

Tensor m2rnn_recurrence(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& f,
                        const Tensor& w, int64_t heads, const RecurrenceSpec& spec,
                        SolverReport* report) {
  const Problem p = check(q, k, v, f, w, heads);
  Forward solved = forward(p, spec);
  count_flops(p.flops(solved.outcome.applied));
  if (report) *report = solved.outcome.report;
  if (spec.is_parallel()) note_report(solved.outcome.report);
  if (Exponents::active()) add_exponents(p);
  const bool audit = spec.audit && solved.y.size() > 0;
  Forward loop;
  if (audit) {
    loop = forward(p, {});
    note("solver.error", largest_difference(solved.y, loop.y));
  }
  record(solved.y, {q, k, v, f, w}, [=] {  // p points into the tensors captured here
    if (audit) audit_gradients(p, solved, loop);
    reverse(p, solved, q, k, v, f, w);
  });
  return solved.y;
}

}  // namespace longhaul
