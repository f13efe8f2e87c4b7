// DeltaNet (Yang et al. 2024, arXiv:2406.06484, section 2.2; Schlag et al. 2021, arXiv:2102.11174)
// and gated DeltaNet (Yang et al. 2025, arXiv:2412.06464, eq. 10).
//
//   q = unit(silu(x W_q)), k = unit(silu(x W_k)), v = silu(x W_v), cut into H heads, D / H wide
//   beta = sigmoid(x W_beta), one for each head
//   S_t = a_t S_{t-1} + beta_t k_t^T (v_t - k_t a_t S_{t-1})      y_t = q_t S_t
//   out = norm(y) W_out
//
// unit(u) = u / sqrt(|u|^2 + 1e-6) in each head. What the state holds under k_t is replaced by v_t
// to the share beta_t, where plain linear attention adds to it. DeltaNet has a = 1. Gated, a_t =
// exp(-exp(A_log) softplus(x W_a + dt_bias)) for each head, and the output is
// (norm(y) * silu(x W_gate)) W_out. negative_eigenvalues doubles beta, so that I - beta k^T k can
// reflect, which tracking parity needs (Grazzi et al. 2024, arXiv:2411.12537). norm divides each
// head's output by its root mean square. The papers' short convolutions of q, k and v are left to
// the backbone's one, short_conv. Causal. Time O(T D (C + d)) in chunks of C positions, decoding
// state S, d floats a channel.

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// As Mamba's: exp(A_log) uniform in [1, 16] and softplus(dt_bias) log-uniform in [0.001, 0.1].
void decay_rates(Tensor& values, Rng& rng) {
  for (int64_t h = 0; h < values.size(); ++h)
    values.data()[h] = static_cast<float>(elementary::log(rng.uniform(1, 16)));
}

void decay_steps(Tensor& values, Rng& rng) {
  for (int64_t h = 0; h < values.size(); ++h) {
    const double step = elementary::exp(rng.uniform(elementary::log(0.001), elementary::log(0.1)));
    values.data()[h] = static_cast<float>(elementary::log(elementary::expm1(step)));
  }
}

class DeltaNet final : public Mixer {
 public:
  explicit DeltaNet(MixerContext& c) : heads_(read_heads(c)) {
    Options& o = c.options();
    const int64_t D = c.d_model(), d = D / heads_;
    chunk_ = o.integer("chunk", 32, "positions whose pairs are formed at once; speed alone", 1);
    gated_ = o.flag("gated", false, "whether the state fades and the output is gated");
    largest_beta_ =
        o.flag("negative_eigenvalues", false, "whether beta goes up to 2 instead of 1") ? 2 : 1;
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    beta_ = c.weight("beta.weight", D, heads_);
    if (gated_) {
      const ParameterGroup group{.lr_scale = 1, .decay = false};
      a_ = c.weight("a.weight", D, heads_);
      a_log_ = c.parameter("A_log", {heads_}, decay_rates, group);
      dt_bias_ = c.parameter("dt_bias", {heads_}, decay_steps, group);
    }
    readout_ = HeadReadout(c, heads_, gated_);
    unit_ =
        c.fixed("unit", {d}, constant(static_cast<float>(1 / std::sqrt(static_cast<double>(d)))));
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const Tensor q = unit(silu(matmul(x, q_))), k = unit(silu(matmul(x, k_)));
    const Tensor v = silu(matmul(x, v_));
    return readout_(delta_rule(q, k, v, beta(x), log_decay(x), heads_, chunk_), x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    const int64_t d = unit_.size();
    return {{Tensor({batch, heads_, d, d})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    Tensor& S = state.tensors[0];
    const int64_t B = x.dim(0), D = x.dim(1), d = D / heads_;
    const Shape row{B, heads_, 1, d}, one{B, heads_, 1, 1};
    const Tensor q = reshape(unit(silu(matmul(x, q_))), row);
    const Tensor k = reshape(unit(silu(matmul(x, k_))), row);
    const Tensor v = reshape(silu(matmul(x, v_)), row);
    if (gated_) S = exp(reshape(log_decay(x), one)) * S;
    const Tensor error = reshape(beta(x), one) * (v - matmul(k, S));
    S = S + reshape(k, {B, heads_, d, 1}) * error;
    ++state.position;
    return readout_(reshape(matmul(q, S), {B, D}), x);
  }

 private:
  Tensor unit(const Tensor& u) const {  // u / sqrt(|u|^2 + 1e-6) in each head
    const int64_t d = unit_.size();
    const Tensor rows = reshape(u, {u.size() / d, d});
    return reshape(rms_norm(rows, unit_, 1e-6f / static_cast<float>(d)), u.shape());
  }
  Tensor beta(const Tensor& x) const { return scale(sigmoid(matmul(x, beta_)), largest_beta_); }
  Tensor log_decay(const Tensor& x) const {  // undefined unless gated
    if (!gated_) return {};
    return scale(exp(a_log_) * softplus(matmul(x, a_) + dt_bias_), -1);
  }

  int64_t heads_, chunk_;
  bool gated_;
  float largest_beta_;
  HeadReadout readout_;
  Tensor q_, k_, v_, beta_, a_, a_log_, dt_bias_;
  Tensor unit_;  // 1 / sqrt(d), the gain that turns a root mean square into a length
};

}  // namespace

LONGHAUL_PLUGIN(delta_net) {
  registry.mixer<BothWays<DeltaNet>>(
      {.name = "delta_net",
       .about = "linear attention that replaces what a key holds; gated or not",
       .source = "Yang et al. 2024, arXiv:2406.06484; gated: arXiv:2412.06464, eq. 10",
       .direction = Direction::either});
}
