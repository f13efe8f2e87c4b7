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
#include "math/ops/linear_attention_passes.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

using namespace linear;

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

// The heads of one sequence, each with memory for its padded rows, g and e.
void reverse_heads(const Problem& p, const PooledVector<ReverseInputs>& inputs) {
  const int64_t wide_v = p.wide_v();
  PooledVector<Scratch> memory;
  PooledVector<QueryPass> queries;
  PooledVector<KeyPass> all_keys;
  memory.reserve(inputs.size());
  queries.reserve(inputs.size());
  all_keys.reserve(inputs.size());
  for (const ReverseInputs& in : inputs) {
    Scratch& scratch = memory.emplace_back(p.T * (2 * p.wide() + 2 * wide_v + 1));
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
    if (in.dq.data) queries.emplace_back(p, head, in.dq);
    if (in.dk.data || in.dv.data) all_keys.emplace_back(p, head, in.dk, in.dv);
  }
  for_chunks(p, true, queries);
  for_chunks(p, false, all_keys);
}

// Calls run(b, first head, last head + 1) for all heads of all sequences, in ranges that threads
// share.
template <class Run>
void for_heads(const Problem& p, Run run) {
  parallel_for(p.B * p.H, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end;) {
      const int64_t b = at / p.H, until = std::min(end, (b + 1) * p.H);
      run(b, at % p.H, until - b * p.H);
      at = until;
    }
  });
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
  for_heads(p, [&](int64_t b, int64_t from, int64_t to) {
    PooledVector<ForwardPass> heads;
    heads.reserve(static_cast<std::size_t>(to - from));
    for (int64_t h = from; h < to; ++h) {
      const int64_t at = p.at(b, h), at_v = p.at_v(b, h);
      heads.emplace_back(p, Rows{q.data() + at, stride}, Rows{k.data() + at, stride},
                         Rows{v.data() + at_v, stride_v}, keys[b], y.data() + at_v,
                         denominator.data() + (b * p.H + h) * p.T);
    }
    for_chunks(p, true, heads);
  });
  record(y, {q, k, v}, [=] {
    count_flops(2 * useful_flops(p, keys));
    const float* dy = y.grad();
    // In the order in which a head writes them, so that q, k and v may be one tensor.
    const GradTarget dq = target_of(q), dv = target_of(v), dk = target_of(k);
    for_heads(p, [&](int64_t b, int64_t from, int64_t to) {
      PooledVector<ReverseInputs> heads;
      heads.reserve(static_cast<std::size_t>(to - from));
      for (int64_t h = from; h < to; ++h) {
        const int64_t at = p.at(b, h), at_v = p.at_v(b, h);
        heads.push_back({{q.data() + at, stride},
                         {k.data() + at, stride},
                         {v.data() + at_v, stride_v},
                         {y.data() + at_v, stride_v},
                         {dy + at_v, stride_v},
                         denominator.data() + (b * p.H + h) * p.T,
                         keys[b],
                         moved(dq, at),
                         moved(dk, at),
                         moved(dv, at_v)});
      }
      reverse_heads(p, heads);
    });
  });
  return y;
}

}  // namespace longhaul
