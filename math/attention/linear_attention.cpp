// Linear attention in chunks.
//
// With g = dy / D, D_i = q_i z_i + epsilon and e_i = -<dy_i, y_i> / D_i (not normalised: D_i = 1,
// e_i = 0), the reverse step is
//   dq_i = sum_j w_ij k_j      dk_j = sum_i w_ij q_i      dv_j = sum_i <q_i, k_j> g_i
// over the pairs where i sees j, w_ij = <g_i, v_j> + e_i. Within a chunk of positions the pairs are
// formed; all pairs of different chunks meet in one matrix per head, which the forward pass carries
// upwards (sum of k_j^T v_j) and the reverse step downwards (sum of q_i^T g_i). Training keeps the
// first as it was before each chunk, for dq: so one sweep makes all gradients, and what it reads is
// read once, however long the sequence.
#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/attention/linear_attention_passes.h"
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

// Heads that go through a sequence together, where they share cache lines: all, or as many as leave
// every thread a part.
int64_t heads_together(const Problem& p) {
  if (!has_threads()) return p.H;
  int64_t parts = std::clamp<int64_t>((threads() + p.B - 1) / std::max<int64_t>(p.B, 1), 1, p.H);
  while (p.H % parts) ++parts;
  return p.H / parts;
}

// Calls run(b, first head, last head + 1) for all heads of all sequences.
template <class Run>
void for_heads(const Problem& p, Run run) {
  parallel_for(p.B * p.H, heads_together(p), [&](int64_t begin, int64_t end) {
    run(begin / p.H, begin % p.H, begin % p.H + end - begin);
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
  // A tape keeps it until the reverse step.
  const Tensor states =
      Tape::active() ? Tensor::empty({p.B, p.H, p.states(), p.state()}) : Tensor();
  const auto states_of = [=](int64_t b, int64_t h) {
    return states.defined() ? states.data() + (b * p.H + h) * p.states() * p.state() : nullptr;
  };
  count_flops(useful_flops(p, keys));
  for_heads(p, [&](int64_t b, int64_t from, int64_t to) {
    PooledVector<ForwardPass> heads;
    heads.reserve(static_cast<std::size_t>(to - from));
    for (int64_t h = from; h < to; ++h) {
      const int64_t at = p.at(b, h), at_v = p.at_v(b, h);
      heads.emplace_back(p, Rows{q.data() + at, stride}, Rows{k.data() + at, stride},
                         Rows{v.data() + at_v, stride_v}, keys[b], y.data() + at_v,
                         denominator.data() + (b * p.H + h) * p.T, states_of(b, h));
    }
    for_chunks(p, true, heads);
  });
  record(y, {q, k, v}, [=] {
    count_flops(2 * useful_flops(p, keys));
    const float* dy = y.grad();
    // In the order in which a head writes them, so that q, k and v may be one tensor.
    const GradTarget dq = target_of(q), dv = target_of(v), dk = target_of(k);
    for_heads(p, [&](int64_t b, int64_t from, int64_t to) {
      PooledVector<ReversePass> heads;
      heads.reserve(static_cast<std::size_t>(to - from));
      for (int64_t h = from; h < to; ++h) {
        const int64_t at = p.at(b, h), at_v = p.at_v(b, h);
        const ReversePass::Inputs in{{q.data() + at, stride},
                                     {k.data() + at, stride},
                                     {v.data() + at_v, stride_v},
                                     {y.data() + at_v, stride_v},
                                     {dy + at_v, stride_v},
                                     denominator.data() + (b * p.H + h) * p.T,
                                     states_of(b, h),
                                     keys[b],
                                     moved(dq, at),
                                     moved(dk, at),
                                     moved(dv, at_v)};
        zero_rows(in.dv, keys[b], p.T, p.dv, stride_v);
        zero_rows(in.dk, keys[b], p.T, p.d, stride);
        heads.emplace_back(p, in);
      }
      for_chunks(p, false, heads);
    });
  });
  return y;
}

}  // namespace longhaul
