// Linear attention (Katharopoulos et al. 2020, arXiv:2006.16236, eq. 9 to 12).
//
//   q = phi(x W_q), k = phi(x W_k), v = x W_v, each cut into H heads
//   S_i = sum_j k_j^T v_j      z_i = sum_j k_j      y_i = q_i S_i / (<q_i, z_i> + 1e-6)
//   out = y W_out
//
// over the real positions j, when causal those up to i. No biases. phi is elu + 1 as in the paper
// or another of include/longhaul/parts/feature_map.h. Weights that may be negative can sum to 0,
// which is no divisor: `normaliser: rms` divides each head's q_i S_i by its root mean square
// instead (Qin et al. 2022, arXiv:2210.10340, section 4.1). Nothing above tells positions apart, so
// a learned table is added to the embeddings.
//
// In chunks of C positions, with r features and values of width d: time O(T D (C + r)), decoding
// state S and z, r (d + 1) floats a head. Training keeps one such state a chunk: with C = d, as
// much as the keys.

#include <algorithm>

#include "longhaul/attention_rows.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/feature_map.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class LinearAttention final : public Mixer {
 public:
  explicit LinearAttention(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    spec_.causal = c.causal();
    spec_.heads = read_heads(c);
    spec_.chunk = o.integer(
        "chunk", 0,
        "positions whose pairs are formed at once, speed and memory alone; 0: as many as a head is "
        "wide, at least 16",
        0);
    if (spec_.chunk == 0) spec_.chunk = std::max<int64_t>(16, D / spec_.heads);
    int64_t key_width = o.integer(
        "key_width", 0, "width of a head's queries and keys before phi; 0 means d_model / heads");
    const std::string position =
        o.choice("position", "learned", {"none", "learned"}, "how positions are told apart");
    const std::string normaliser = o.choice("normaliser", "sum", {"sum", "rms"},
                                            "what an output is divided by: weights, or its size");
    if (position == "learned") c.want_learned_positions();
    if (key_width == 0) key_width = D / spec_.heads;
    phi_ = FeatureMap(c, key_width);
    spec_.normalise = normaliser == "sum";
    if (spec_.normalise && phi_.name() == "identity")
      o.problem("feature", "identity gives weights that may sum to 0; add normaliser: rms");
    q_ = c.weight("q.weight", D, spec_.heads * key_width);
    k_ = c.weight("k.weight", D, spec_.heads * key_width);
    v_ = c.weight("v.weight", D, D);
    if (spec_.normalise)
      out_ = c.weight("out.weight", D, D);
    else
      readout_ = HeadReadout(c, spec_.heads, false);
  }

  Tensor forward(const Tensor& x, const Lengths& lengths) const override {  // [B, T, D]
    const Tensor q = phi_.as_query(matmul(x, q_)), k = phi_(matmul(x, k_)), v = matmul(x, v_);
    return read(linear_attention(q, k, v, lengths, spec_), x);
  }

  // The state is S [B H, r, d] and z [B H, r, 1].
  State start(int64_t batch) const override {
    const int64_t heads = batch * spec_.heads, r = phi_.features(), d = v_.dim(1) / spec_.heads;
    return {{Tensor({heads, r, d}), Tensor({heads, r, 1})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    Tensor &S = state.tensors[0], &z = state.tensors[1];
    const int64_t heads = S.dim(0), r = S.dim(1), d = S.dim(2);
    const Tensor q = reshape(phi_.as_query(matmul(x, q_)), {heads, 1, r});
    const Tensor k = reshape(phi_(matmul(x, k_)), {heads, r, 1});
    S = S + matmul(k, reshape(matmul(x, v_), {heads, 1, d}));
    z = z + k;
    ++state.position;
    const Tensor y = matmul(q, S);
    return read(spec_.normalise ? y / shift(matmul(q, z), spec_.epsilon) : y, x);
  }

  AttentionRows attention_rows(const Tensor& x, const Lengths& lengths,
                               const std::vector<int64_t>& queries) const override {
    const Tensor q = phi_.as_query(matmul(x, q_)), k = phi_(matmul(x, k_));
    return longhaul::attention_rows(q, k, lengths, queries, spec_);
  }

 private:
  Tensor read(const Tensor& y, const Tensor& x) const {  // heads' outputs -> the mixer's
    return spec_.normalise ? matmul(reshape(y, x.shape()), out_) : readout_(y, x);
  }

  LinearAttentionSpec spec_;
  FeatureMap phi_;
  HeadReadout readout_;  // of normaliser rms
  Tensor q_, k_, v_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(linear_attention) {
  registry.mixer<LinearAttention>(
      {.name = "linear_attention",
       .about = "attention by a linear kernel: constant state, linear time",
       .source = "Katharopoulos et al. 2020, arXiv:2006.16236, eq. 9 to 12",
       .direction = Direction::either});
}
