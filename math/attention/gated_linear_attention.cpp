// Linear attention with decays, in chunks (math/attention/faded_chunk.h).
//
// With q^_i = q_i exp(G_i), k^_i = k_i exp(-G_i) and S the state before the chunk, faded by its
// first position's decay, g_first,
//   y_i = q^_i S + sum_{j <= i} <q^_i, k^_j> v_j      S' = diag(exp(G_last)) (S + sum_j k^_j^T v_j)
// and the reverse step, with R = diag(exp(G_last)) dL/dS',
//   dq^_i = dy_i S^T + sum_{j <= i} <dy_i, v_j> k^_j
//   dv_j = k^_j R + sum_{i >= j} <k^_j, q^_i> dy_i
//   dk^_j = v_j R^T + sum_{i >= j} <v_j, dy_i> q^_i
//   dL/dS before = diag(exp(g_first)) (R + sum_i q^_i^T dy_i)
//   dg_t = dg_{t+1} + q_t dq_t - k_t dk_t      channel by channel
// The last line holds since decays enter through q_t exp(g_0 + .. + g_t) and
// k_t exp(-g_0 - .. - g_t) alone; what stands in both dq_t and dk_t, the pair j = i, is left out of
// it (faded_chunk.h). One pass upwards makes y, or dq; one downwards makes the rest. Of the states
// one a stretch is kept, and none if no gradient of decays is wanted.
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/attention/faded_chunk.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

using head::FadedChunk, head::FadedProblem, head::Rows, head::Scratch;
using head::moved, head::multiply, head::product_scratch, head::put_rows;

// Multiply-adds, twice, as chunks that never end early have them: d + dv a pair within a chunk, d
// dv a position that reads the state and one that enters it. The reverse step needs each product's
// two adjoints.
int64_t useful_flops(const FadedProblem& p) {
  int64_t pairs = 0, states = 0;
  for (int64_t t = 0; t < p.T; t += p.chunk) {
    const int64_t n = std::min(p.chunk, p.T - t);
    pairs += n * (n + 1) / 2;
    states += (t > 0 ? n : 0) + (t + n < p.T ? n : 0);
  }
  return 2 * p.heads() * (pairs * (p.d + p.dv) + states * p.d * p.dv);
}

// What a pass reads of one head.
struct Inputs {
  Rows q, k, v, g;
  const PooledVector<int64_t>& borders;
};

// A chunk with its readers q^ and writers k^, [n, wide].
struct Chunk {
  Chunk(const FadedProblem& p, Scratch& scratch)
      : fading(p, scratch),
        wide(p.wide()),
        q(scratch.zeros(p.chunk * wide)),
        k(scratch.zeros(p.chunk * wide)) {}
  static int64_t scratch(const FadedProblem& p) {
    return FadedChunk::scratch(p) + 2 * p.chunk * p.wide();
  }
  void load(const Inputs& in, std::size_t index) {
    const int64_t t = in.borders[index];
    fading.load(in.g, t, in.borders[index + 1]);
    fading.grow(in.q.from(t), q);
    fading.shrink(in.k.from(t), k);
  }
  Rows readers() const { return {q, wide}; }
  Rows writers() const { return {k, wide}; }

  FadedChunk fading;
  int64_t wide;
  float *q, *k;
};

void forward_head(const FadedProblem& p, Inputs in, float* y) {
  const int64_t wide = p.wide(), wide_v = p.wide_v();
  Scratch scratch(Chunk::scratch(p) + product_scratch(p, p.d) + (p.d + p.chunk + p.T) * wide_v);
  Chunk now(p, scratch);
  float *memory = scratch.take(product_scratch(p, p.d)), *sum = scratch.take(p.chunk * wide_v);
  float* state = scratch.zeros(p.d * wide_v);
  in.v = scratch.padded(in.v, p.T, p.dv);
  for (std::size_t c = 0; c + 1 < in.borders.size(); ++c) {
    now.load(in, c);
    const int64_t t = now.fading.begin(), n = now.fading.size();
    now.fading.fade_rows(state, wide_v, true);
    multiply(p, {n, p.d, wide_v, now.readers(), now.writers(), in.v.from(t), state}, memory, sum);
    put_rows(sum, wide_v, n, p.dv, {y + t * p.H * p.dv, false}, p.H * p.dv);
    tile::product(p.d, n, wide_v, {now.k, wide, true}, in.v[t], in.v.stride, state, wide_v, true);
    now.fading.fade_rows(state, wide_v, false);
  }
}

// What the sum of dg needs of the pass upwards; null where no dg is wanted.
struct ForDecays {
  float *gain,
      *states;  // q dq without the pair j = i [T, wide], S^T before stretches [., dv, wide]
  static int64_t scratch(const FadedProblem& p) { return (p.T + p.stretches() * p.dv) * p.wide(); }
  float* state(const FadedProblem& p, int64_t t) const {
    return states + t / p.stretch() * p.dv * p.wide();
  }
};

// gain_i = x_i out_i of a chunk's positions, then out_i += <a_i, b_i> y_i: the pair j = i.
void add_own_pairs(const FadedProblem& p, int64_t n, const Rows& x, const Rows& a, const Rows& b,
                   const Rows& y, float* out, float* gain) {
  const int64_t wide = p.wide();
  for (int64_t i = 0; i < n; ++i) {
    float *row = out + i * wide, *own = gain + i * wide;
    for (int64_t c = 0; c < p.d; ++c) own[c] = x[i][c] * row[c];
    head::add_scaled(row, dot(a[i], b[i], p.dv), y[i], p.d);
  }
}

// dq [T, wide].
void reverse_upwards(const FadedProblem& p, const Inputs& in, const Rows& dy, float* dq,
                     const ForDecays& decays) {
  const int64_t wide = p.wide();
  Scratch scratch(Chunk::scratch(p) + product_scratch(p, p.dv) + p.dv * wide);
  Chunk now(p, scratch);
  float* memory = scratch.take(product_scratch(p, p.dv));
  float* state = scratch.zeros(p.dv * wide);  // S^T
  for (std::size_t c = 0; c + 1 < in.borders.size(); ++c) {
    now.load(in, c);
    const int64_t t = now.fading.begin(), n = now.fading.size();
    float* out = dq + t * wide;
    const Rows v = in.v.from(t), gradient = dy.from(t);
    const bool apart = decays.gain;
    if (apart && head::begins_stretch(p, in.borders, c))
      std::copy_n(state, p.dv * wide, decays.state(p, t));
    now.fading.fade_columns(state, p.dv, true);
    multiply(p, {n, p.dv, wide, gradient, v, now.writers(), state, false, apart}, memory, out);
    now.fading.grow({out, wide}, out);
    if (apart)
      add_own_pairs(p, n, in.q.from(t), gradient, v, in.k.from(t), out, decays.gain + t * wide);
    tile::product(p.dv, n, wide, {in.v[t], in.v.stride, true}, now.k, wide, state, wide, true);
    now.fading.fade_columns(state, p.dv, false);
  }
}

struct Targets {
  GradTarget dk, dv, dg;
  int64_t dg_stride;
};

// dg of a chunk's positions, last to first, from what each gains as a reader and loses as a writer.
// `later` is what follows them. Before a stretch there are S^T and dL/dS^T, else null.
void reverse_decays(const FadedProblem& p, int64_t t, int64_t n, const float* gain,
                    const float* loss, const float* state, const float* gradient, float* later,
                    const Targets& to) {
  const int64_t wide = p.wide();
  for (int64_t i = n - 1; i >= 0; --i) {
    for (int64_t c = 0; c < p.d; ++c) later[c] += gain[i * wide + c] - loss[i * wide + c];
    if (i == 0 && state) {
      std::fill_n(later, p.d, 0.0f);
      for (int64_t e = 0; e < p.dv; ++e)
        for (int64_t c = 0; c < p.d; ++c)
          later[c] = std::fma(state[e * wide + c], gradient[e * wide + c], later[c]);
    }
    const GradTarget own = moved(to.dg, (t + i) * to.dg_stride);
    if (p.decays == p.d) {
      put_rows(later, 0, 1, p.d, own, 0);
    } else {  // one decay for all channels
      float sum = 0;
      for (int64_t c = 0; c < p.d; ++c) sum += later[c];
      put_rows(&sum, 0, 1, 1, own, 0);
    }
  }
}

void reverse_downwards(const FadedProblem& p, const Inputs& in, const Rows& dy,
                       const ForDecays& decays, const Targets& to) {
  const int64_t wide = p.wide(), wide_v = p.wide_v();
  const int64_t product = product_scratch(p, std::max(p.d, p.dv));
  Scratch scratch(Chunk::scratch(p) + product + p.chunk * (2 * wide + wide_v) + p.d * wide_v +
                  (p.dv + 1) * wide);
  Chunk now(p, scratch);
  float *memory = scratch.take(product), *later = scratch.zeros(wide);
  float* loss = scratch.take(p.chunk * wide);
  float *dk = scratch.take(p.chunk * wide), *dv = scratch.take(p.chunk * wide_v);
  float *state = scratch.zeros(p.d * wide_v), *turned = scratch.zeros(p.dv * wide);  // R, R^T
  for (std::size_t c = in.borders.size() - 1; c-- > 0;) {
    now.load(in, c);
    const int64_t t = now.fading.begin(), n = now.fading.size();
    now.fading.fade_rows(state, wide_v, false);
    tile::transpose(p.d, p.dv, state, wide_v, turned, wide);
    const Rows v = in.v.from(t), gradient = dy.from(t);
    multiply(p, {n, p.d, wide_v, now.writers(), now.readers(), gradient, state, true}, memory, dv);
    if (to.dv.data) put_rows(dv, wide_v, n, p.dv, moved(to.dv, t * p.H * p.dv), p.H * p.dv);
    const bool apart = decays.gain;
    multiply(p, {n, p.dv, wide, v, gradient, now.readers(), turned, true, apart}, memory, dk);
    now.fading.shrink({dk, wide}, dk);
    if (apart) add_own_pairs(p, n, in.k.from(t), v, gradient, in.q.from(t), dk, loss);
    if (to.dk.data) put_rows(dk, wide, n, p.d, moved(to.dk, t * p.H * p.d), p.H * p.d);
    tile::product(p.d, n, wide_v, {now.q, wide, true}, dy[t], dy.stride, state, wide_v, true);
    now.fading.fade_rows(state, wide_v, true);
    if (!apart) continue;
    const bool anew = head::begins_stretch(p, in.borders, c);
    if (anew) tile::transpose(p.d, p.dv, state, wide_v, turned, wide);
    reverse_decays(p, t, n, decays.gain + t * wide, loss, anew ? decays.state(p, t) : nullptr,
                   turned, later, to);
  }
}

void reverse_head(const FadedProblem& p, Inputs in, Rows dy, const GradTarget& to_q,
                  const Targets& to) {
  const int64_t wide = p.wide();
  const bool with_decays = to.dg.data;
  Scratch scratch(p.T * (wide + 2 * p.wide_v()) + (with_decays ? ForDecays::scratch(p) : 0));
  float* dq = scratch.take(p.T * wide);
  in.v = scratch.padded(in.v, p.T, p.dv);
  dy = scratch.padded(dy, p.T, p.dv);
  ForDecays decays{};
  if (with_decays) decays = {scratch.take(p.T * wide), scratch.take(p.stretches() * p.dv * wide)};
  reverse_upwards(p, in, dy, dq, decays);
  if (to_q.data) put_rows(dq, wide, p.T, p.d, to_q, p.H * p.d);
  if (to.dk.data || to.dv.data || with_decays) reverse_downwards(p, in, dy, decays, to);
}

FadedProblem check(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& log_decay,
                   int64_t H, int64_t chunk) {
  const bool fits = q.rank() == 3 && k.shape() == q.shape() && v.rank() == 3 && H > 0 &&
                    v.dim(0) == q.dim(0) && v.dim(1) == q.dim(1) && q.dim(2) % H == 0 &&
                    v.dim(2) % H == 0;
  require(fits, "gated_linear_attention: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(),
          " with ", H, " heads; expected [B, T, H d], [B, T, H d], [B, T, H dv]");
  const bool fixed = log_decay.shape() == Shape{q.dim(2)};
  const bool of_channels = fixed || log_decay.shape() == q.shape();
  const bool of_heads = log_decay.shape() == Shape{q.dim(0), q.dim(1), H};
  require(of_channels || of_heads, "gated_linear_attention: log_decay ", log_decay.shape(),
          " for q ", q.shape(), "; expected [B, T, H d], [B, T, H] or [H d]");
  require(chunk > 0, "gated_linear_attention: chunk ", chunk, ", expected at least 1");
  const int64_t T = q.dim(1), d = q.dim(2) / H;
  return {q.dim(0), T, H, d, v.dim(2) / H, std::clamp<int64_t>(T, 1, chunk), of_channels ? d : 1,
          fixed};
}

}  // namespace

Tensor gated_linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                              const Tensor& log_decay, int64_t heads, int64_t chunk) {
  const FadedProblem p = check(q, k, v, log_decay, heads, chunk);
  Tensor y = Tensor::empty(v.shape());
  const auto each_head = [=](auto body) {
    parallel_for(p.heads(), 1, [&](int64_t head, int64_t) {
      const Rows g = p.decay_rows(log_decay.data(), head);
      const auto borders = head::chunk_borders(p, g);
      body(head, Inputs{p.rows(q.data(), head, p.d), p.rows(k.data(), head, p.d),
                        p.rows(v.data(), head, p.dv), g, borders});
    });
  };
  count_flops(useful_flops(p));
  each_head(
      [&](int64_t head, const Inputs& in) { forward_head(p, in, y.data() + p.at(head, p.dv)); });
  record(y, {q, k, v, log_decay}, [=] {
    count_flops(2 * useful_flops(p));
    // In the order in which a head writes them, so that two of them may be one tensor.
    const GradTarget dq = target_of(q), dv = target_of(v), dk = target_of(k);
    const GradTarget dg = p.fixed ? GradTarget{nullptr, true} : target_of(log_decay);
    Tensor shares;  // [B, H d], of each sequence in the gradient of a fixed log_decay
    if (p.fixed && log_decay.needs_grad()) shares = Tensor({p.B, p.H * p.d});
    const float* dy = y.grad();
    each_head([&](int64_t head, const Inputs& in) {
      const int64_t at = p.at(head, p.d);
      Targets to{moved(dk, at), moved(dv, p.at(head, p.dv)), moved(dg, p.at(head, p.decays)),
                 p.H * p.decays};
      if (shares.defined()) to = {to.dk, to.dv, {shares.data() + head * p.d, true}, 0};
      reverse_head(p, in, p.rows(dy, head, p.dv), moved(dq, at), to);
    });
    for (int64_t b = 0; shares.defined() && b < p.B; ++b)
      head::add_scaled(log_decay.grad(), 1, shares.data() + b * p.H * p.d, p.H * p.d);
  });
  return y;
}

}  // namespace longhaul
