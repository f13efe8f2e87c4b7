// DeltaProduct: several steps of the delta rule a token (Siems et al. 2025, arXiv:2502.10297,
// section 3 and eq. 5).
//
//   q = unit(silu(x W_q)) / sqrt(d)         one a token, cut into H heads of width d = D / H
//   k_i = unit(silu(x W_k,i)), v_i = silu(x W_v,i), beta_i = 2 sigmoid(x W_beta,i), i = 1 .. n
//   S <- a_t S, then for each i: S <- S + beta_i k_i^T (v_i - k_i S)       y_t = q_t S
//   out = (norm(y) .* silu(x W_gate)) W_out
//
// The product of n generalised Householder matrices I - beta k^T k can be any rotation of n
// dimensions, where one step only reflects. a_t = exp(-exp(A_log) softplus(x W_a + dt_bias)) a head
// fades once a token, 1 unless gated. unit and norm as in delta_net.cpp, which this is with n = 1.
// The paper's short convolutions of q, k and v are left to the backbone's one, short_conv. Causal.
// Time O(n T D (C + d)) in chunks of C steps, decoding state S, d floats a channel.

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

class DeltaProduct final : public Mixer {
 public:
  explicit DeltaProduct(MixerContext& c) : heads_(read_heads(c)), d_(c.d_model() / heads_) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    n_ = o.integer("householders", 2, "steps of the delta rule a token", 1);
    chunk_ = o.integer("chunk", 32, "steps whose pairs are formed at once; speed alone", 1);
    gated_ = o.flag("gated", true, "whether the state fades");
    const bool gated_output = o.flag("output_gate", true, "whether the output is gated");
    largest_beta_ =
        o.flag("negative_eigenvalues", true, "whether beta goes up to 2 instead of 1") ? 2 : 1;
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, n_ * D);
    v_ = c.weight("v.weight", D, n_ * D);
    beta_ = c.weight("beta.weight", D, n_ * heads_);
    if (gated_) {
      const ParameterGroup no_decay{.decay = false};
      a_ = c.weight("a.weight", D, heads_);
      a_log_ = c.parameter("A_log", {heads_}, heads::log_uniform(1, 16), no_decay);
      dt_bias_ =
          c.parameter("dt_bias", {heads_}, inverse_softplus(log_steps({1e-3, 0.1})), no_decay);
    }
    readout_ = HeadReadout(c, heads_, gated_output);
  }

  // A sequence of n T steps, of which every n-th is read.
  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2), steps = n_ * T;
    const auto at = [&](int64_t i, const Tensor& own) {  // a row at step i of a token, else 0
      const Tensor rows = reshape(own, {B, T, 1, own.dim(2)});
      const auto none = [&](int64_t n) { return Tensor({B, T, n, own.dim(2)}); };
      return reshape(concat({none(i), rows, none(n_ - 1 - i)}, 2), {B, steps, own.dim(2)});
    };
    const Tensor k = reshape(key(x), {B, steps, D}), v = reshape(value(x), {B, steps, D});
    const Tensor beta = reshape(share(x), {B, steps, heads_});
    const Tensor fading = gated_ ? at(0, log_decay(x)) : Tensor();
    const Tensor all = delta_rule(at(n_ - 1, query(x)), k, v, beta, fading, heads_, chunk_);
    const Tensor y = slice(reshape(all, {B, T, n_, D}), 2, n_ - 1, n_);
    return readout_(reshape(y, x.shape()), x);
  }

  State start(int64_t batch) const override {  // S [B, H, d, d]
    return {{Tensor({batch, heads_, d_, d_})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const int64_t B = x.dim(0), D = x.dim(1);
    Tensor S = state.tensors[0];
    if (gated_) S = reshape(exp(log_decay(x)), {B, heads_, 1, 1}) * S;
    const Tensor keys = key(x), values = value(x), shares = share(x);
    for (int64_t i = 0; i < n_; ++i) {
      const Tensor k = slice(keys, 1, i * D, (i + 1) * D), v = slice(values, 1, i * D, (i + 1) * D);
      const Tensor beta = slice(shares, 1, i * heads_, (i + 1) * heads_);
      S = heads::written(S, k, heads::weigh(beta, v - heads::read(k, S, heads_), heads_), heads_);
    }
    state = {{S}, state.position + 1};
    return readout_(heads::read(query(x), S, heads_), x);
  }

 private:
  Tensor query(const Tensor& x) const {
    return scale(heads::unit(silu(matmul(x, q_)), heads_), 1 / std::sqrt(static_cast<float>(d_)));
  }
  Tensor key(const Tensor& x) const { return heads::unit(silu(matmul(x, k_)), n_ * heads_); }
  Tensor value(const Tensor& x) const { return silu(matmul(x, v_)); }
  Tensor share(const Tensor& x) const { return scale(sigmoid(matmul(x, beta_)), largest_beta_); }
  Tensor log_decay(const Tensor& x) const {
    return scale(exp(a_log_) * softplus(matmul(x, a_) + dt_bias_), -1);
  }

  int64_t heads_, d_, n_, chunk_;
  bool gated_;
  float largest_beta_;
  HeadReadout readout_;
  Tensor q_, k_, v_, beta_, a_, a_log_, dt_bias_;
};

}  // namespace

LONGHAUL_PLUGIN(delta_product) {
  registry.mixer<BothWays<DeltaProduct>>(
      {.name = "delta_product",
       .about = "several steps of the delta rule a token; fades or not",
       .source = "Siems et al. 2025, arXiv:2502.10297, eq. 5",
       .direction = Direction::either});
}
