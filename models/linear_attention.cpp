// Linear attention (Katharopoulos et al. 2020, arXiv:2006.16236, eq. 9 to 12).
//
//   q = phi(x W_q), k = phi(x W_k), v = x W_v, each cut into heads of width d = D / H
//   S_i = sum_j k_j^T v_j      z_i = sum_j k_j      y_i = q_i S_i / (<q_i, z_i> + 1e-6)      out =
//   y W_out
//
// over the real positions j, when causal those up to i. No biases. phi(u) = elu(u) + 1 as in the
// paper, or relu(u). Nothing above tells positions apart, so a learned table is added to the
// embeddings. In chunks of C positions: time O(T D (C + d)), decoding state S and z, d + 1 floats a
// channel.

#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class LinearAttention final : public Mixer {
 public:
  explicit LinearAttention(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    spec_.causal = c.causal();
    spec_.heads = o.integer("heads", 2, "heads; they divide d_model", 1);
    spec_.chunk =
        o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    relu_ =
        o.choice("feature", "elu1", {"elu1", "relu"}, "feature map of queries and keys") == "relu";
    const std::string position =
        o.choice("position", "learned", {"none", "learned"}, "how positions are told apart");
    if (position == "learned") c.want_learned_positions();
    if (D % spec_.heads != 0) {
      o.problem("heads", text(spec_.heads, " heads do not cut d_model ", D, " into equal parts"));
      spec_.heads = 1;
    }
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths& lengths) const override {  // [B, T, D]
    const Tensor q = feature(matmul(x, q_)), k = feature(matmul(x, k_));
    return matmul(linear_attention(q, k, matmul(x, v_), lengths, spec_), out_);
  }

  // The state is S [B H, d, d] and z [B H, d, 1].
  State start(int64_t batch) const override {
    const int64_t heads = batch * spec_.heads, d = q_.dim(0) / spec_.heads;
    return {{Tensor({heads, d, d}), Tensor({heads, d, 1})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    Tensor &S = state.tensors[0], &z = state.tensors[1];
    const Shape row{S.dim(0), 1, S.dim(1)}, column{S.dim(0), S.dim(1), 1};
    const Tensor q = reshape(feature(matmul(x, q_)), row);
    const Tensor k = reshape(feature(matmul(x, k_)), column);
    S = S + matmul(k, reshape(matmul(x, v_), row));
    z = z + k;
    ++state.position;
    const Tensor y = matmul(q, S) / shift(matmul(q, z), spec_.epsilon);
    return matmul(reshape(y, x.shape()), out_);
  }

 private:
  Tensor feature(const Tensor& x) const { return relu_ ? relu(x) : elu1(x); }

  LinearAttentionSpec spec_;
  bool relu_;
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
