// Kimi Delta Attention: the gated delta rule whose state fades channel by channel (Kimi Team 2025,
// arXiv:2510.26692, eq. 1 and section 3.2).
//
//   q = unit(silu(x W_q)) / sqrt(d), k = unit(silu(x W_k)), v = silu(x W_v), cut into H heads
//   beta = sigmoid(x W_beta), one a head
//   g = -exp(A_log) softplus(x W_1 W_2 + dt_bias), one a channel of keys, A_log one a head
//   S'_t = diag(exp(g_t)) S_{t-1}      S_t = S'_t + beta_t k_t^T (v_t - k_t S'_t)     y_t = q_t S_t
//   out = (norm(y) .* sigmoid(x W_3 W_4 + b)) W_out
//
// unit(u) = u / sqrt(|u|^2 + 1e-6) in each head, norm divides each head's output by its root mean
// square. W_1, W_3 [D, rank]. negative_eigenvalues doubles beta. exp(A_log) starts uniform in
// [1, 16], softplus(dt_bias) log-uniform in [0.001, 0.1]. The paper's short convolutions of q, k
// and v are left to the backbone's one, short_conv. Causal. Time O(T D (C + d)) in chunks of C
// positions, decoding state S, d floats a channel.

#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

class Kda final : public Mixer {
 public:
  explicit Kda(MixerContext& c) : heads_(read_heads(c)), d_(c.d_model() / heads_) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    chunk_ = o.integer("chunk", 32, "positions whose pairs are formed at once; speed alone", 1);
    int64_t rank = o.integer("gate_rank", 0, "rank of the decays and of the gate; 0: D / heads");
    largest_beta_ =
        o.flag("negative_eigenvalues", false, "whether beta goes up to 2 instead of 1") ? 2 : 1;
    if (rank == 0) rank = d_;
    const ParameterGroup no_decay{.decay = false};
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    beta_ = c.weight("beta.weight", D, heads_);
    decay_in_ = c.weight("decay.in.weight", D, rank);
    decay_out_ = c.weight("decay.out.weight", rank, D);
    a_log_ = c.parameter("A_log", {heads_}, heads::log_uniform(1, 16), no_decay);
    dt_bias_ = c.parameter("dt_bias", {D}, inverse_softplus(log_steps({1e-3, 0.1})), no_decay);
    gate_in_ = c.weight("gate.in.weight", D, rank);
    gate_out_ = c.weight("gate.out.weight", rank, D);
    gate_bias_ = c.parameter("gate.bias", {D}, zeros(), no_decay);
    gain_ = c.parameter("norm.gain", {d_}, constant(1), no_decay);
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    return read_out(delta_rule(query(x), key(x), value(x), beta(x), log_decay(x), heads_, chunk_),
                    x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    return {{Tensor({batch, heads_, d_, d_})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor faded = heads::column(exp(log_decay(x)), heads_) * state.tensors[0], k = key(x);
    const Tensor error = heads::weigh(beta(x), value(x) - heads::read(k, faded, heads_), heads_);
    const Tensor S = heads::written(faded, k, error, heads_);
    state = {{S}, state.position + 1};
    return read_out(heads::read(query(x), S, heads_), x);
  }

 private:
  Tensor query(const Tensor& x) const {
    return scale(heads::unit(silu(matmul(x, q_)), heads_), 1 / std::sqrt(static_cast<float>(d_)));
  }
  Tensor key(const Tensor& x) const { return heads::unit(silu(matmul(x, k_)), heads_); }
  Tensor value(const Tensor& x) const { return silu(matmul(x, v_)); }
  Tensor beta(const Tensor& x) const { return scale(sigmoid(matmul(x, beta_)), largest_beta_); }
  Tensor log_decay(const Tensor& x) const {
    const Tensor steps = softplus(matmul(matmul(x, decay_in_), decay_out_) + dt_bias_);
    return heads::weigh(-1.0f * exp(a_log_), steps, heads_);
  }
  Tensor read_out(const Tensor& y, const Tensor& x) const {
    const Tensor gate = sigmoid(matmul(matmul(x, gate_in_), gate_out_) + gate_bias_);
    const Tensor normed = reshape(rms_norm(heads::cut(y, heads_), gain_, 1e-5f), y.shape());
    return matmul(normed * gate, out_);
  }

  int64_t heads_, d_, chunk_;
  float largest_beta_;
  Tensor q_, k_, v_, beta_, decay_in_, decay_out_, a_log_, dt_bias_, gate_in_, gate_out_,
      gate_bias_, gain_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(kda) {
  registry.mixer<BothWays<Kda>>(
      {.name = "kda",
       .about = "Kimi Delta Attention: a delta rule that fades each channel",
       .source = "Kimi Team 2025, arXiv:2510.26692, eq. 1",
       .direction = Direction::either});
}
