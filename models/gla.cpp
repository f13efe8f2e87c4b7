// Gated linear attention (Yang et al. 2024, arXiv:2312.06635, eq. 3 and section 4.4).
//
//   q = x W_q / sqrt(d), k = x W_k, v = x W_v, each cut into H heads of width d = D / H
//   alpha_t = sigmoid(x_t W_1 W_2 + b)^(1 / tau), W_1 [D, rank], W_2 [rank, D]
//   S_t = diag(alpha_t) S_{t-1} + k_t^T v_t      y_t = q_t S_t
//   out = (norm(y) * silu(x W_gate)) W_out
//
// The input chooses, for each channel of the keys, how fast it is forgotten. norm divides each
// head's output by its root mean square, as the authors' code does where the paper says layer norm;
// the output gate has no bias. Queries and keys are as wide as values, not half as wide. b starts
// at 0. Nothing else tells positions apart: the decays do. Causal. Time O(T D (C + d)) in chunks of
// C positions, decoding state S, d floats a channel.

#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class GatedLinearAttention final : public Mixer {
 public:
  explicit GatedLinearAttention(MixerContext& c) : heads_(read_heads(c)) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    const int64_t rank = o.integer("gate_rank", 16, "rank of the decays' weight", 1);
    tau_ = static_cast<float>(
        o.number("tau", 16, "root that brings the decays nearer to 1", 1e-3, 1e6));
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    decay_in_ = c.weight("decay.in.weight", D, rank);
    decay_out_ = c.weight("decay.out.weight", rank, D);
    decay_bias_ = c.parameter("decay.bias", {D}, zeros(), {.decay = false});
    readout_ = HeadReadout(c, heads_, true);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const Tensor y = gated_linear_attention(query(x), matmul(x, k_), matmul(x, v_), log_decay(x),
                                            heads_, chunk_);
    return readout_(y, x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    const int64_t d = q_.dim(0) / heads_;
    return {{Tensor({batch, heads_, d, d})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    Tensor& S = state.tensors[0];
    const int64_t B = x.dim(0), D = x.dim(1), d = D / heads_;
    const Shape row{B, heads_, 1, d}, column{B, heads_, d, 1};
    S = exp(reshape(log_decay(x), column)) * S +
        reshape(matmul(x, k_), column) * reshape(matmul(x, v_), row);
    ++state.position;
    return readout_(reshape(matmul(reshape(query(x), row), S), {B, D}), x);
  }

 private:
  Tensor query(const Tensor& x) const {
    const int64_t d = q_.dim(0) / heads_;
    return scale(matmul(x, q_), 1 / std::sqrt(static_cast<float>(d)));
  }
  Tensor log_decay(const Tensor& x) const {  // log sigmoid(u) = -softplus(-u)
    const Tensor u = matmul(matmul(x, decay_in_), decay_out_) + decay_bias_;
    return scale(softplus(scale(u, -1)), -1 / tau_);
  }

  int64_t heads_, chunk_;
  float tau_;
  HeadReadout readout_;
  Tensor q_, k_, v_, decay_in_, decay_out_, decay_bias_;
};

}  // namespace

LONGHAUL_PLUGIN(gla) {
  registry.mixer<BothWays<GatedLinearAttention>>(
      {.name = "gla",
       .about = "linear attention whose input chooses what fades",
       .source = "Yang et al. 2024, arXiv:2312.06635, eq. 3",
       .direction = Direction::either});
}
