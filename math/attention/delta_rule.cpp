// The gated delta rule, in chunks (math/attention/faded_chunk.h).
//
// With the readers q^_i = q_i exp(G_i) and r_i = -k_i exp(G_i), the writers w_j = beta_j k_j
// exp(-G_j) and S the state before the chunk, faded by its first position's decay, g_first, the
// errors e_i = v_i - k_i a_i S_{i-1} solve a triangular system, and are then the values of a linear
// attention:
//   e_i = v_i + r_i S + sum_{j < i} <r_i, w_j> e_j      y_i = q^_i S + sum_{j <= i} <q^_i, w_j> e_j
//   S' = diag(exp(G_last)) (S + sum_j w_j^T e_j)
// This is the WY form with beta inside the writers. The errors are kept for the reverse step, which
// with R = diag(exp(G_last)) dL/dS' solves the transposed system for f_i = dL/dv_i,
//   f_j = w_j R + sum_{i >= j} <w_j, q^_i> dy_i + sum_{i > j} <r_i, w_j> f_i
//   dw_j = e_j R^T + sum_{i >= j} <e_j, dy_i> q^_i + sum_{i > j} <e_j, f_i> r_i
//   dL/dS before = diag(exp(g_first)) (R + sum_i q^_i^T dy_i + r_i^T f_i)
// on its way downwards, and on its way upwards, with S again,
//   dq^_i = dy_i S^T + sum_{j <= i} <dy_i, e_j> w_j
//   dr_i = f_i S^T + sum_{j < i} <f_i, e_j> w_j
// With k read as k and written as beta k, whose gradients are dk and dw without their factors,
//   dg_t = dg_{t+1} + <q_t, dq_t> + <k_t, dk_t> - <beta_t k_t, dw_t>
// since decays enter as factors of readers and writers alone; what stands in both dq_t and dw_t,
// the pair j = i, is left out of it (faded_chunk.h). Decays of channels have the same sum, channel
// by channel in place of <., .>. Of the states one a stretch is kept, and none
// if no gradient of decays is wanted.
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/attention/faded_chunk.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

using head::FadedChunk, head::FadedProblem, head::Rows, head::Scratch;
using head::moved, head::multiply, head::product_scratch, head::put_rows;

// Multiply-adds, twice, as chunks that never end early have them: a pair is scored and weighs a
// value for y and, but for j = i, for e; a position reads the state twice and enters it once. The
// reverse step needs each product's two adjoints.
int64_t useful_flops(const FadedProblem& p) {
  int64_t pairs = 0, states = 0;
  for (int64_t t = 0; t < p.T; t += p.chunk) {
    const int64_t n = std::min(p.chunk, p.T - t);
    pairs += n * n;
    states += (t > 0 ? 2 * n : 0) + (t + n < p.T ? n : 0);
  }
  return 2 * p.heads() * (pairs * (p.d + p.dv) + states * p.d * p.dv);
}

// What a pass reads of one head.
struct Inputs {
  Rows q, k, v, beta, g;
  const PooledVector<int64_t>& borders;
  std::size_t chunks() const { return borders.size() - 1; }
};

// A chunk with its readers and writers, [n, wide], and the scores <r_i, w_j>, [n, lanes].
struct Chunk {
  Chunk(const FadedProblem& p, Scratch& scratch)
      : p(p),
        fading(p, scratch),
        q(scratch.zeros(p.chunk * p.wide())),
        r(scratch.zeros(p.chunk * p.wide())),
        w(scratch.zeros(p.chunk * p.wide())),
        turned(scratch.take(p.d * p.lanes())),
        score(scratch.take(p.chunk * p.lanes())) {}
  static int64_t scratch(const FadedProblem& p) {
    return FadedChunk::scratch(p) + 3 * p.chunk * p.wide() + (p.d + p.chunk) * p.lanes();
  }

  void load(const Inputs& in, std::size_t index) {
    const int64_t t = in.borders[index], wide = p.wide();
    fading.load(in.g, t, in.borders[index + 1]);
    fading.grow(in.q.from(t), q);
    fading.grow(in.k.from(t), r);
    fading.shrink(in.k.from(t), w);
    for (int64_t i = 0; i < size(); ++i)
      for (int64_t c = 0; c < p.d; ++c) {
        r[i * wide + c] = -r[i * wide + c];
        w[i * wide + c] *= in.beta[t + i][0];
      }
  }
  int64_t begin() const { return fading.begin(); }
  int64_t size() const { return fading.size(); }
  Rows queries() const { return {q, p.wide()}; }
  Rows readers() const { return {r, p.wide()}; }
  Rows writers() const { return {w, p.wide()}; }

  void find_scores() {
    const int64_t n = size(), wide = p.wide(), lanes = p.lanes();
    tile::transpose(n, p.d, w, wide, turned, lanes);
    tile::product(n, p.d, tile::round_up(n), {r, wide}, turned, lanes, score, lanes, false);
  }
  // x_i += sum_{j < i} <r_i, w_j> x_j, first to last: rows of wide_v.
  void solve(float* x) const {
    const int64_t wide_v = p.wide_v(), lanes = p.lanes();
    for (int64_t i = 1; i < size(); ++i)
      tile::product(1, i, wide_v, {score + i * lanes, lanes}, x, wide_v, x + i * wide_v, wide_v,
                    true);
  }
  // x_j += sum_{i > j} <r_i, w_j> x_i, last to first.
  void solve_transposed(float* x) const {
    const int64_t wide_v = p.wide_v(), lanes = p.lanes();
    for (int64_t j = size() - 2; j >= 0; --j)
      tile::product(1, size() - 1 - j, wide_v, {score + (j + 1) * lanes + j, lanes, true},
                    x + (j + 1) * wide_v, wide_v, x + j * wide_v, wide_v, true);
  }

  const FadedProblem& p;
  FadedChunk fading;
  float *q, *r, *w, *turned, *score;
};

// y and the errors of one head.
void forward_head(const FadedProblem& p, const Inputs& in, float* y, float* errors) {
  const int64_t wide = p.wide(), wide_v = p.wide_v(), stride = p.H * p.dv;
  Scratch scratch(Chunk::scratch(p) + product_scratch(p, p.d) + (p.d + 2 * p.chunk) * wide_v);
  Chunk chunk(p, scratch);
  float *memory = scratch.take(product_scratch(p, p.d)), *state = scratch.zeros(p.d * wide_v);
  float *e = scratch.zeros(p.chunk * wide_v), *sum = scratch.take(p.chunk * wide_v);
  for (std::size_t c = 0; c < in.chunks(); ++c) {
    chunk.load(in, c);
    chunk.find_scores();
    const int64_t t = chunk.begin(), n = chunk.size();
    chunk.fading.fade_rows(state, wide_v, true);
    for (int64_t i = 0; i < n; ++i) std::copy_n(in.v[t + i], p.dv, e + i * wide_v);
    tile::product(n, p.d, wide_v, {chunk.r, wide}, state, wide_v, e, wide_v, true);
    chunk.solve(e);
    put_rows(e, wide_v, n, p.dv, {errors + t * stride, false}, stride);
    multiply(p, {n, p.d, wide_v, chunk.queries(), chunk.writers(), {e, wide_v}, state}, memory,
             sum);
    put_rows(sum, wide_v, n, p.dv, {y + t * stride, false}, stride);
    tile::product(p.d, n, wide_v, {chunk.w, wide, true}, e, wide_v, state, wide_v, true);
    chunk.fading.fade_rows(state, wide_v, false);
  }
}

// What the reverse step of one head has beside its inputs; e, dy and f are padded.
struct Adjoints {
  Rows e, dy;
  float *f, *dw;  // [T, wide_v] and, without the factor exp(-G), [T, wide]
  // Where a gradient of decays is wanted, and then dw comes without the pair j = i: it at each
  // position [T, decays], and dL/dS^T before stretches [., dv, wide].
  float *decay, *gradients;
  float* gradient(const FadedProblem& p, int64_t t) const {
    return gradients + t / p.stretch() * p.dv * p.wide();
  }
};

void reverse_downwards(const FadedProblem& p, const Inputs& in, const Adjoints& a) {
  const int64_t wide = p.wide(), wide_v = p.wide_v();
  const int64_t product = product_scratch(p, std::max(p.d, p.dv));
  Scratch scratch(Chunk::scratch(p) + product + p.d * wide_v + p.dv * wide);
  Chunk chunk(p, scratch);
  float* memory = scratch.take(product);
  float *state = scratch.zeros(p.d * wide_v), *turned = scratch.zeros(p.dv * wide);  // R, R^T
  for (std::size_t c = in.chunks(); c-- > 0;) {
    chunk.load(in, c);
    chunk.find_scores();
    const int64_t t = chunk.begin(), n = chunk.size();
    chunk.fading.fade_rows(state, wide_v, false);
    tile::transpose(p.d, p.dv, state, wide_v, turned, wide);
    float *f = a.f + t * wide_v, *dw = a.dw + t * wide;
    const Rows e = a.e.from(t), dy = a.dy.from(t), found{f, wide_v};
    multiply(p, {n, p.d, wide_v, chunk.writers(), chunk.queries(), dy, state, true}, memory, f);
    chunk.solve_transposed(f);
    const bool apart = a.decay;
    multiply(p, {n, p.dv, wide, e, dy, chunk.queries(), turned, true, apart}, memory, dw);
    multiply(p, {n, p.dv, wide, e, found, chunk.readers(), nullptr, true, true, true}, memory, dw);
    chunk.fading.shrink({dw, wide}, dw);
    tile::product(p.d, n, wide_v, {chunk.q, wide, true}, dy[0], dy.stride, state, wide_v, true);
    tile::product(p.d, n, wide_v, {chunk.r, wide, true}, f, wide_v, state, wide_v, true);
    chunk.fading.fade_rows(state, wide_v, true);
    if (apart && head::begins_stretch(p, in.borders, c))
      tile::transpose(p.d, p.dv, state, wide_v, a.gradient(p, t), wide);
  }
}

// One head's gradients; `data` is null where none is wanted.
struct Targets {
  GradTarget q, k, v, beta, g;
};

// What position t adds to the gradient of its and all earlier log decays; then its own pair enters
// dq and dw.
void add_own_pair(const FadedProblem& p, const Inputs& in, const Adjoints& a, int64_t t, float* dq,
                  const float* dk, float* dw) {
  const float beta = in.beta[t][0], own = dot(a.e[t], a.dy[t], p.dv);
  if (p.decays == 1) {
    a.decay[t] = dot(in.q[t], dq, p.d) + dot(in.k[t], dk, p.d) - beta * dot(in.k[t], dw, p.d);
  } else {
    const float *q = in.q[t], *k = in.k[t];
    float* decay = a.decay + t * p.decays;
    for (int64_t c = 0; c < p.d; ++c)
      decay[c] = std::fma(q[c], dq[c], k[c] * std::fma(-beta, dw[c], dk[c]));
  }
  head::add_scaled(dq, own * beta, in.k[t], p.d);
  head::add_scaled(dw, own, in.q[t], p.d);
}

// <S, dL/dS> of two transposed states, of each decay's channels: out [decays].
void inner_product(const FadedProblem& p, const float* a, const float* b, float* out) {
  std::fill_n(out, p.decays, 0.0f);
  for (int64_t e = 0; e < p.dv; ++e) {
    const float *x = a + e * p.wide(), *y = b + e * p.wide();
    if (p.decays == 1) {
      *out += dot(x, y, p.d);
    } else {
      for (int64_t c = 0; c < p.d; ++c) out[c] = std::fma(x[c], y[c], out[c]);
    }
  }
}

// Makes decay [T, decays] the gradient of each log decay: sums from the last position on, begun
// anew with `before` [stretches, decays] at every stretch.
void sum_decays(const FadedProblem& p, const Inputs& in, const float* before, float* decay) {
  for (int64_t x = 0; x < p.decays; ++x) {
    float later = 0;
    for (std::size_t c = in.chunks(); c-- > 0;) {
      const int64_t begin = in.borders[c];
      for (int64_t t = in.borders[c + 1] - 1; t >= begin; --t) {
        float& own = decay[t * p.decays + x];
        own = later += own;
      }
      if (head::begins_stretch(p, in.borders, c))
        decay[begin * p.decays + x] = later = before[begin / p.stretch() * p.decays + x];
    }
  }
}

void reverse_upwards(const FadedProblem& p, const Inputs& in, const Adjoints& a,
                     const Targets& to) {
  const int64_t wide = p.wide(), wide_v = p.wide_v(), stride = p.H * p.d;
  Scratch scratch(Chunk::scratch(p) + product_scratch(p, p.dv) + (p.dv + 2 * p.chunk) * wide +
                  p.stretches() * p.decays);
  Chunk chunk(p, scratch);
  float *memory = scratch.take(product_scratch(p, p.dv)), *state = scratch.zeros(p.dv * wide);
  float* before = scratch.take(p.stretches() * p.decays);  // gradients of decays, of stretches
  const bool apart = a.decay;
  float *dq = scratch.take(p.chunk * wide), *dk = scratch.take(p.chunk * wide);
  for (std::size_t c = 0; c < in.chunks(); ++c) {
    chunk.load(in, c);
    const int64_t t = chunk.begin(), n = chunk.size();
    const Rows e = a.e.from(t), f{a.f + t * wide_v, wide_v};
    if (apart && head::begins_stretch(p, in.borders, c))
      inner_product(p, state, a.gradient(p, t), before + t / p.stretch() * p.decays);
    chunk.fading.fade_columns(state, p.dv, true);
    multiply(p, {n, p.dv, wide, a.dy.from(t), e, chunk.writers(), state, false, apart}, memory, dq);
    multiply(p, {n, p.dv, wide, f, e, chunk.writers(), state, false, true}, memory, dk);
    chunk.fading.grow({dq, wide}, dq);
    chunk.fading.grow({dk, wide}, dk);
    for (int64_t i = 0; i < n * wide; ++i) dk[i] = -dk[i];
    for (int64_t i = 0; i < n; ++i) {
      float* dw = a.dw + (t + i) * wide;
      if (apart) add_own_pair(p, in, a, t + i, dq + i * wide, dk + i * wide, dw);
      head::add_scaled(dk + i * wide, in.beta[t + i][0], dw, p.d);
      const float share = dot(in.k[t + i], dw, p.d);
      if (to.beta.data) put_rows(&share, 1, 1, 1, moved(to.beta, (t + i) * p.H), 1);
    }
    if (to.q.data) put_rows(dq, wide, n, p.d, moved(to.q, t * stride), stride);
    if (to.k.data) put_rows(dk, wide, n, p.d, moved(to.k, t * stride), stride);
    tile::product(p.dv, n, wide, {e[0], e.stride, true}, chunk.w, wide, state, wide, true);
    chunk.fading.fade_columns(state, p.dv, false);
  }
  if (!apart) return;
  sum_decays(p, in, before, a.decay);
  put_rows(a.decay, p.decays, p.T, p.decays, to.g, p.H * p.decays);
}

void reverse_head(const FadedProblem& p, const Inputs& in, const Rows& errors, const Rows& dy,
                  const Targets& to) {
  const int64_t wide = p.wide(), wide_v = p.wide_v();
  const int64_t kept = to.g.data ? p.stretches() * p.dv * wide : 0;
  Scratch scratch(p.T * (3 * wide_v + wide + p.decays) + kept);
  float *f = scratch.take(p.T * wide_v), *dw = scratch.take(p.T * wide);
  Adjoints a{scratch.padded(errors, p.T, p.dv), scratch.padded(dy, p.T, p.dv), f, dw, {}, {}};
  if (to.g.data) {
    a.gradients = scratch.take(kept);
    a.decay = scratch.take(p.T * p.decays);
  }
  reverse_downwards(p, in, a);
  if (to.v.data) put_rows(f, wide_v, p.T, p.dv, to.v, p.H * p.dv);
  reverse_upwards(p, in, a, to);
}

FadedProblem check(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& beta,
                   const Tensor& log_decay, int64_t H, int64_t chunk) {
  const bool fits = q.rank() == 3 && k.shape() == q.shape() && v.rank() == 3 && H > 0 &&
                    v.dim(0) == q.dim(0) && v.dim(1) == q.dim(1) && q.dim(2) % H == 0 &&
                    v.dim(2) % H == 0;
  require(fits, "delta_rule: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), " with ", H,
          " heads; expected [B, T, H d], [B, T, H d], [B, T, H dv]");
  const Shape shares{q.dim(0), q.dim(1), H};
  require(beta.shape() == shares, "delta_rule: beta ", beta.shape(), ", expected ", shares);
  const bool of_channels = log_decay.defined() && log_decay.shape() == q.shape();
  require(!log_decay.defined() || of_channels || log_decay.shape() == shares,
          "delta_rule: log_decay ", log_decay.shape(), ", expected ", shares, " or ", q.shape());
  require(chunk > 0, "delta_rule: chunk ", chunk, ", expected at least 1");
  return {q.dim(0),
          q.dim(1),
          H,
          q.dim(2) / H,
          v.dim(2) / H,
          std::clamp<int64_t>(q.dim(1), 1, chunk),
          of_channels ? q.dim(2) / H : 1,
          !log_decay.defined()};
}

}  // namespace

Tensor delta_rule(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& beta,
                  const Tensor& log_decay, int64_t heads, int64_t chunk) {
  const FadedProblem p = check(q, k, v, beta, log_decay, heads, chunk);
  Tensor y = Tensor::empty(v.shape());
  const Tensor errors = Tensor::empty(v.shape());
  const Tensor decays = log_decay.defined() ? log_decay : Tensor({heads});
  const auto each_head = [=](auto body) {
    parallel_for(p.heads(), 1, [&](int64_t head, int64_t) {
      const Rows g = p.decay_rows(decays.data(), head);
      const auto borders = head::chunk_borders(p, g);
      body(head, Inputs{p.rows(q.data(), head, p.d), p.rows(k.data(), head, p.d),
                        p.rows(v.data(), head, p.dv), p.rows(beta.data(), head, 1), g, borders});
    });
  };
  count_flops(useful_flops(p));
  each_head([&](int64_t head, const Inputs& in) {
    const int64_t at = p.at(head, p.dv);
    forward_head(p, in, y.data() + at, errors.data() + at);
  });
  record(y, {q, k, v, beta, log_decay}, [=] {
    count_flops(2 * useful_flops(p));
    // In the order in which a head writes them, so that two of them may be one tensor.
    const GradTarget dv = target_of(v), dbeta = target_of(beta), dq = target_of(q),
                     dk = target_of(k), dg = target_of(decays);
    const float* dy = y.grad();
    each_head([&](int64_t head, const Inputs& in) {
      const int64_t at = p.at(head, p.d), at_v = p.at(head, p.dv), one = p.at(head, 1);
      reverse_head(p, in, p.rows(errors.data(), head, p.dv), p.rows(dy, head, p.dv),
                   {moved(dq, at), moved(dk, at), moved(dv, at_v), moved(dbeta, one),
                    moved(dg, p.at(head, p.decays))});
    });
  });
  return y;
}

}  // namespace longhaul
