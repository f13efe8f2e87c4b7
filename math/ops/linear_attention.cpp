// Linear attention in chunks.
//
// With g = dy / D, D_i = q_i z_i + epsilon and e_i = -<dy_i, y_i> / D_i (not normalised: D_i = 1,
// e_i = 0), the reverse step is
//   dq_i = sum_j w_ij k_j      dk_j = sum_i w_ij q_i      dv_j = sum_i <q_i, k_j> g_i
// over the pairs where i sees j, w_ij = <g_i, v_j> + e_i. Within a chunk of positions the pairs are
// formed; all pairs of different chunks meet in one matrix per head, which the forward pass and dq
// carry upwards (sum of k_j^T v_j) and dk and dv carry downwards (sum of q_i^T g_i). None is
// stored.
#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/head.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "math/tile.h"

namespace longhaul {
namespace {

using head::add_scaled, head::dot, head::moved, head::put_rows;
using head::Rows, head::Scratch;
using tile::kWidth;
using tile::Vec;

constexpr int64_t kGroup = 24;  // rows of scores held at a time

struct Problem {
  int64_t B, T, H, d, dv, chunk;
  bool causal;
  float epsilon;
  bool normalise;
  int64_t wide() const { return tile::round_up(d); }
  int64_t wide_v() const { return tile::round_up(dv); }
  // Row stride of what has a chunk's positions as lanes; a group may begin at any of them.
  int64_t lanes() const { return tile::round_up(chunk) + kWidth; }
  // Where head h of sequence b begins in a [B, T, H * width] array.
  int64_t at(int64_t b, int64_t h) const { return b * T * H * d + h * d; }
  int64_t at_v(int64_t b, int64_t h) const { return b * T * H * dv + h * dv; }
};

// Multiply-adds of numerators, twice: 2 (d + dv) a pair within a chunk, 2 d dv a position that
// reads the state (all but the first chunk's), and 2 d dv a key that enters it (all but the last
// chunk's). Bidirectional: 2 d dv a query and a key. The reverse step needs each product's two
// adjoints.
int64_t useful_flops(const Problem& p, const PooledVector<int64_t>& lengths) {
  int64_t pairs = 0, states = 0;
  for (int64_t keys : lengths) {
    if (!p.causal) states += p.T + keys;
    for (int64_t t = 0; p.causal && t < p.T; t += p.chunk) {
      const int64_t n = std::min(p.chunk, p.T - t), seen = std::clamp<int64_t>(keys - t, 0, n);
      pairs += seen * (seen + 1) / 2 + (n - seen) * seen;
      states += (t > 0 ? n : 0) + (t + n < p.T ? seen : 0);
    }
  }
  return 2 * p.H * (pairs * (p.d + p.dv) + states * p.d * p.dv);
}

// Calls emit(t, n) for every chunk and absorb(t, n) for those whose positions later chunks see: as
// it goes along when causal, upwards or downwards, else for all beforehand.
template <class Absorb, class Emit>
void for_chunks(const Problem& p, bool upwards, Absorb absorb, Emit emit) {
  const int64_t chunks = (p.T + p.chunk - 1) / p.chunk;
  const auto size = [&](int64_t c) { return std::min(p.chunk, p.T - c * p.chunk); };
  for (int64_t c = 0; !p.causal && c < chunks; ++c) absorb(c * p.chunk, size(c));
  for (int64_t i = 0; i < chunks; ++i) {
    const int64_t c = upwards ? i : chunks - 1 - i;
    emit(c * p.chunk, size(c), i > 0 || !p.causal);
    if (p.causal && i + 1 < chunks) absorb(c * p.chunk, size(c));
  }
}

int64_t forward_scratch(const Problem& p) {
  return p.d * (p.lanes() + p.wide_v() + 1) + p.T * p.wide_v() + kGroup * (p.lanes() + p.wide_v());
}

// y and the denominators D of one head.
void forward_head(const Problem& p, const Rows& q, const Rows& k, const Rows& v, int64_t keys,
                  float* y, float* denominator) {
  Scratch scratch(forward_scratch(p));
  const int64_t wide_v = p.wide_v(), lanes = p.lanes();
  const Rows values = scratch.padded(v, keys, p.dv);
  float *kt = scratch.take(p.d * lanes), *score = scratch.take(kGroup * lanes);
  float* sum = scratch.take(kGroup * wide_v);
  float *state = scratch.zeros(p.d * wide_v), *z = scratch.zeros(p.d);
  const auto absorb = [&](int64_t t, int64_t n) {
    const int64_t seen = std::clamp<int64_t>(keys - t, 0, n);
    tile::product(p.d, seen, wide_v, {k[t], k.stride, true}, values[t], values.stride, state,
                  wide_v, true);
    for (int64_t j = t; j < t + seen; ++j) add_scaled(z, 1, k[j], p.d);
  };
  const auto emit = [&](int64_t t, int64_t n, bool earlier) {
    const int64_t seen = p.causal ? std::clamp<int64_t>(keys - t, 0, n) : 0;
    tile::transpose(seen, p.d, k[t], k.stride, kt, lanes);
    for (int64_t i0 = 0; i0 < n; i0 += kGroup) {
      const int64_t rows = std::min(kGroup, n - i0), limit = std::min(seen, i0 + rows);
      tile::product(rows, p.d, tile::round_up(limit), {q[t + i0], q.stride}, kt, lanes, score,
                    lanes, false);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t visible = std::min(limit, i0 + r + 1);
        float* row = score + r * lanes;
        std::fill(row + visible, row + tile::round_up(limit), 0.0f);
        Vec total{};
        for (int64_t j = 0; j < limit; j += kWidth) total += tile::load(row + j);
        float& D = denominator[t + i0 + r];
        D = p.epsilon + dot(q[t + i0 + r], z, p.d);
        for (int x = 0; x < kWidth; ++x) D += total[x];
        if (!p.normalise) D = 1;
      }
      tile::product(rows, limit, wide_v, {score, lanes}, values[t], values.stride, sum, wide_v,
                    false);
      if (earlier)
        tile::product(rows, p.d, wide_v, {q[t + i0], q.stride}, state, wide_v, sum, wide_v, true);
      for (int64_t r = 0; r < rows; ++r) {
        const float share = 1 / denominator[t + i0 + r];
        for (int64_t c = 0; c < p.dv; ++c)
          y[(t + i0 + r) * v.stride + c] = sum[r * wide_v + c] * share;
      }
    }
  };
  for_chunks(p, true, absorb, emit);
}

// What the reverse step of one head reads, its rows padded to whole registers.
struct Head {
  Rows q, k, v;
  Rows g;          // dy / D
  const float* e;  // -<dy, y> / D
  int64_t keys;
};

int64_t query_scratch(const Problem& p) {
  return p.dv * (p.lanes() + p.wide()) + p.wide() + kGroup * (p.lanes() + p.wide());
}

void reverse_queries(const Problem& p, const Head& head, const GradTarget& dq) {
  Scratch scratch(query_scratch(p));
  const int64_t wide = p.wide(), lanes = p.lanes();
  const auto& [q, k, v, g, e, keys] = head;
  float *vt = scratch.take(p.dv * lanes), *weight = scratch.take(kGroup * lanes);
  float* sum = scratch.take(kGroup * wide);
  float *state = scratch.zeros(p.dv * wide), *z = scratch.zeros(wide);  // sums of v_j^T k_j and k_j
  const auto absorb = [&](int64_t t, int64_t n) {
    const int64_t seen = std::clamp<int64_t>(keys - t, 0, n);
    tile::product(p.dv, seen, wide, {v[t], v.stride, true}, k[t], k.stride, state, wide, true);
    for (int64_t j = t; j < t + seen; ++j) add_scaled(z, 1, k[j], p.d);
  };
  const auto emit = [&](int64_t t, int64_t n, bool earlier) {
    const int64_t seen = p.causal ? std::clamp<int64_t>(keys - t, 0, n) : 0;
    tile::transpose(seen, p.dv, v[t], v.stride, vt, lanes);
    for (int64_t i0 = 0; i0 < n; i0 += kGroup) {
      const int64_t rows = std::min(kGroup, n - i0), limit = std::min(seen, i0 + rows);
      tile::product(rows, p.dv, tile::round_up(limit), {g[t + i0], g.stride}, vt, lanes, weight,
                    lanes, false);
      for (int64_t r = 0; r < rows; ++r) {
        const int64_t visible = std::min(limit, i0 + r + 1);
        float* row = weight + r * lanes;
        for (int64_t j = 0; j < visible; ++j) row[j] += e[t + i0 + r];
        std::fill(row + visible, row + tile::round_up(limit), 0.0f);
        for (int64_t x = 0; x < wide; ++x) sum[r * wide + x] = e[t + i0 + r] * z[x];
      }
      tile::product(rows, limit, wide, {weight, lanes}, k[t], k.stride, sum, wide, true);
      if (earlier)
        tile::product(rows, p.dv, wide, {g[t + i0], g.stride}, state, wide, sum, wide, true);
      put_rows(sum, wide, rows, p.d, moved(dq, (t + i0) * p.H * p.d), p.H * p.d);
    }
  };
  for_chunks(p, true, absorb, emit);
}

int64_t key_scratch(const Problem& p) {
  return (p.d + p.dv) * p.lanes() + 2 * kGroup * p.lanes() + kGroup * (p.wide() + p.wide_v()) +
         p.dv * p.wide() + p.d * p.wide_v() + p.wide();
}

void reverse_keys(const Problem& p, const Head& head, const GradTarget& dk, const GradTarget& dv) {
  Scratch scratch(key_scratch(p));
  const int64_t wide = p.wide(), wide_v = p.wide_v(), lanes = p.lanes();
  const auto& [q, k, v, g, e, keys] = head;
  float *qt = scratch.take(p.d * lanes), *gt = scratch.take(p.dv * lanes);
  float *score = scratch.take(kGroup * lanes), *weight = scratch.take(kGroup * lanes);
  float *sum_k = scratch.take(kGroup * wide), *sum_v = scratch.take(kGroup * wide_v);
  // Sums of g_i^T q_i, its transpose, and of e_i q_i.
  float *state = scratch.zeros(p.dv * wide), *turned = scratch.zeros(p.d * wide_v),
        *z = scratch.zeros(wide);
  const auto absorb = [&](int64_t t, int64_t n) {
    tile::product(p.dv, n, wide, {g[t], g.stride, true}, q[t], q.stride, state, wide, true);
    for (int64_t i = t; i < t + n; ++i) add_scaled(z, e[i], q[i], p.d);
  };
  const auto emit = [&](int64_t t, int64_t n, bool later) {
    const int64_t seen = std::clamp<int64_t>(keys - t, 0, n);
    if (later) tile::transpose(p.dv, p.d, state, wide, turned, wide_v);
    if (p.causal) {
      tile::transpose(n, p.d, q[t], q.stride, qt, lanes);
      tile::transpose(n, p.dv, g[t], g.stride, gt, lanes);
    }
    for (int64_t j0 = 0; j0 < seen; j0 += kGroup) {
      const int64_t rows = std::min(kGroup, seen - j0);
      const int64_t later_rows = p.causal ? n - j0 : 0, wide_i = tile::round_up(later_rows);
      tile::product(rows, p.d, wide_i, {k[t + j0], k.stride}, qt + j0, lanes, score, lanes, false);
      tile::product(rows, p.dv, wide_i, {v[t + j0], v.stride}, gt + j0, lanes, weight, lanes,
                    false);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t i = r; i < later_rows; ++i) weight[r * lanes + i] += e[t + j0 + i];
        std::fill_n(score + r * lanes, std::min(r, later_rows), 0.0f);
        std::fill_n(weight + r * lanes, std::min(r, later_rows), 0.0f);
        std::copy_n(z, wide, sum_k + r * wide);
      }
      tile::product(rows, later_rows, wide_v, {score, lanes}, g[t + j0], g.stride, sum_v, wide_v,
                    false);
      tile::product(rows, later_rows, wide, {weight, lanes}, q[t + j0], q.stride, sum_k, wide,
                    true);
      if (later) {
        tile::product(rows, p.d, wide_v, {k[t + j0], k.stride}, turned, wide_v, sum_v, wide_v,
                      true);
        tile::product(rows, p.dv, wide, {v[t + j0], v.stride}, state, wide, sum_k, wide, true);
      }
      const int64_t at = t + j0;
      if (dv.data) put_rows(sum_v, wide_v, rows, p.dv, moved(dv, at * p.H * p.dv), p.H * p.dv);
      if (dk.data) put_rows(sum_k, wide, rows, p.d, moved(dk, at * p.H * p.d), p.H * p.d);
    }
  };
  for_chunks(p, false, absorb, emit);
}

void zero_rows(const GradTarget& to, int64_t from, int64_t rows, int64_t width, int64_t stride) {
  if (to.data && !to.accumulate)
    for (int64_t t = from; t < rows; ++t) std::fill_n(to.data + t * stride, width, 0.0f);
}

// One head's rows of q, k, v, y and dy, its denominators, and where its gradients go.
struct ReverseInputs {
  Rows q, k, v, y, dy;
  const float* denominator;
  int64_t keys;
  GradTarget dq, dk, dv;
};

void reverse_head(const Problem& p, const ReverseInputs& in) {
  const int64_t wide_v = p.wide_v();
  Scratch scratch(p.T * (2 * p.wide() + 2 * wide_v + 1));
  float *g = scratch.zeros(p.T * wide_v), *e = scratch.take(p.T);
  for (int64_t t = 0; t < p.T; ++t) {
    const float share = 1 / in.denominator[t];
    for (int64_t c = 0; c < p.dv; ++c) g[t * wide_v + c] = in.dy[t][c] * share;
    e[t] = p.normalise ? -share * dot(in.dy[t], in.y[t], p.dv) : 0;
  }
  const Head head{scratch.padded(in.q, p.T, p.d),
                  scratch.padded(in.k, p.T, p.d),
                  scratch.padded(in.v, p.T, p.dv),
                  {g, wide_v},
                  e,
                  in.keys};
  zero_rows(in.dv, in.keys, p.T, p.dv, p.H * p.dv);
  zero_rows(in.dk, in.keys, p.T, p.d, p.H * p.d);
  if (in.dq.data) reverse_queries(p, head, in.dq);
  if (in.dk.data || in.dv.data) reverse_keys(p, head, in.dk, in.dv);
}

Problem check(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
              const LinearAttentionSpec& spec) {
  const int64_t H = spec.heads;
  const bool fits = q.rank() == 3 && k.shape() == q.shape() && v.rank() == 3 && H > 0 &&
                    v.dim(0) == q.dim(0) && v.dim(1) == q.dim(1) && q.dim(2) % H == 0 &&
                    v.dim(2) % H == 0;
  require(fits, "linear_attention: q ", q.shape(), ", k ", k.shape(), ", v ", v.shape(), " with ",
          H, " heads; expected [B, T, H d], [B, T, H d], [B, T, H dv]");
  require(spec.chunk > 0, "linear_attention: chunk ", spec.chunk, ", expected at least 1");
  require(static_cast<int64_t>(lengths.size()) == q.dim(0), "linear_attention: ", lengths.size(),
          " lengths for a batch of ", q.dim(0));
  for (int64_t length : lengths)
    require(0 <= length && length <= q.dim(1), "linear_attention: length ", length, " of ",
            q.dim(1));
  return {q.dim(0),     q.dim(1),     H,
          q.dim(2) / H, v.dim(2) / H, std::clamp<int64_t>(q.dim(1), 1, spec.chunk),
          spec.causal,  spec.epsilon, spec.normalise};
}

}  // namespace

Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Lengths& lengths,
                        const LinearAttentionSpec& spec) {
  const Problem p = check(q, k, v, lengths, spec);
  const PooledVector<int64_t> keys = pooled(lengths);
  const int64_t stride = p.H * p.d, stride_v = p.H * p.dv;
  Tensor y = Tensor::empty(v.shape());
  Tensor denominator = Tensor::empty({p.B, p.H, p.T});
  count_flops(useful_flops(p, keys));
  parallel_for(p.B * p.H, 1, [&](int64_t begin, int64_t end) {
    for (int64_t head = begin; head < end; ++head) {
      const int64_t b = head / p.H, h = head % p.H, at = p.at(b, h), at_v = p.at_v(b, h);
      forward_head(p, {q.data() + at, stride}, {k.data() + at, stride}, {v.data() + at_v, stride_v},
                   keys[b], y.data() + at_v, denominator.data() + head * p.T);
    }
  });
  record(y, {q, k, v}, [=] {
    count_flops(2 * useful_flops(p, keys));
    const float* dy = y.grad();
    // In the order in which a head writes them, so that q, k and v may be one tensor.
    const GradTarget dq = target_of(q), dv = target_of(v), dk = target_of(k);
    parallel_for(p.B * p.H, 1, [&](int64_t begin, int64_t end) {
      for (int64_t head = begin; head < end; ++head) {
        const int64_t b = head / p.H, h = head % p.H, at = p.at(b, h), at_v = p.at_v(b, h);
        reverse_head(p, {{q.data() + at, stride},
                         {k.data() + at, stride},
                         {v.data() + at_v, stride_v},
                         {y.data() + at_v, stride_v},
                         {dy + at_v, stride_v},
                         denominator.data() + head * p.T,
                         keys[b],
                         moved(dq, at),
                         moved(dk, at),
                         moved(dv, at_v)});
      }
    });
  });
  return y;
}

}  // namespace longhaul
