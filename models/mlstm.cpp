// The mLSTM of xLSTM: a matrix of states with exponential gates (Beck et al. 2024,
// arXiv:2405.04517, eq. 19 to 27, in the block of xLSTM 7B, Beck et al. 2025, arXiv:2503.13427).
//
//   q = x W_q, k = x W_k / sqrt(d), v = x W_v, cut into H heads of width d = D / H
//   i~ = cap(x W_i + b_i), f~ = cap(x W_f + b_f), one each a head          cap(u) = c tanh(u / c)
//   C_t = f_t C_{t-1} + i_t k_t^T v_t,  n_t = f_t n_{t-1} + i_t k_t        i = e^i~, f =
//   sigmoid(f~) y_t = q_t C_t / max(|<q_t, n_t>|, 1) out = (norm(y) .* gain .* sigmoid(x W_gate))
//   W_out
//
// C and n are kept divided by exp(m_t), m_t = max(log f_t + m_{t-1}, i~_t), and 1 becomes
// exp(-m_t), so that no gate overflows; n is one more column of C. norm is a layer norm within each
// head, epsilon 1e-6. Input gates start at exp(-10) and forget gates at sigmoid of 3 to 6, from
// head to head, whatever the input. The paper's block with convolution, skip and up-projection is
// left to the backbone. Causal. Time O(T D (C + d)) in chunks of C positions, state H (d + 1) d +
// H.

#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

// From `first` in head 0 to `last` in the last one.
Init line(double first, double last) {
  return [=](Tensor& values, Rng&) {
    const auto steps = static_cast<double>(std::max<int64_t>(values.size() - 1, 1));
    for (int64_t h = 0; h < values.size(); ++h)
      values.data()[h] =
          static_cast<float>(first + (last - first) * static_cast<double>(h) / steps);
  };
}

class Mlstm final : public Mixer {
 public:
  explicit Mlstm(MixerContext& c) : heads_(read_heads(c)), d_(c.d_model() / heads_) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    cap_ = static_cast<float>(o.number("gate_cap", 15, "bound of the gates' exponents", 1e-3, 80));
    const ParameterGroup no_decay{.decay = false};
    q_ = c.weight("q.weight", D, D);
    k_ = c.weight("k.weight", D, D);
    v_ = c.weight("v.weight", D, D);
    i_ = c.parameter("i.weight", {D, heads_}, zeros());
    i_bias_ = c.parameter("i.bias", {heads_}, constant(-10), no_decay);
    f_ = c.parameter("f.weight", {D, heads_}, zeros());
    f_bias_ = c.parameter("f.bias", {heads_}, line(3, 6), no_decay);
    gate_ = c.weight("gate.weight", D, D);
    gain_ = c.parameter("norm.gain", {D}, constant(1), no_decay);
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const int64_t T = x.dim(1);
    if (T == 0) return x;
    const Tensor log_f = log_sigmoid(capped(x, f_, f_bias_)), i = capped(x, i_, i_bias_);
    const Tensor m = running_max(log_f, i);  // [B, T, H]
    const Tensor before = concat({slice(m, 1, 0, 1), slice(m, 1, 0, T - 1)}, 1);
    const Tensor k = heads::weigh(exp(i - m), key(x), heads_);
    const Tensor y = gated_linear_attention(matmul(x, q_), k, with_one(matmul(x, v_)),
                                            log_f + before - m, heads_, chunk_);
    return read_out(y, m, x);
  }

  // The state is C with n as its last column [B, H, d, d + 1], and m [B, H].
  State start(int64_t batch) const override {
    return {{Tensor({batch, heads_, d_, d_ + 1}), Tensor({batch, heads_})}};
  }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const int64_t B = x.dim(0);
    const Tensor log_f = log_sigmoid(capped(x, f_, f_bias_)), i = capped(x, i_, i_bias_);
    const Tensor kept = log_f + state.tensors[1];
    const Tensor m = state.position == 0 ? i : maximum(kept, i);
    const Tensor k = heads::weigh(exp(i - m), key(x), heads_);
    const Tensor faded = reshape(exp(kept - m), {B, heads_, 1, 1}) * state.tensors[0];
    const Tensor S = heads::written(faded, k, with_one(matmul(x, v_)), heads_);
    state = {{S, m}, state.position + 1};
    return read_out(heads::read(matmul(x, q_), S, heads_), m, x);
  }

 private:
  Tensor capped(const Tensor& x, const Tensor& weight, const Tensor& bias) const {
    return scale(tanh(scale(matmul(x, weight) + bias, 1 / cap_)), cap_);
  }
  Tensor key(const Tensor& x) const {
    return scale(matmul(x, k_), 1 / std::sqrt(static_cast<float>(d_)));
  }
  // Each head's values and a 1 behind them, whose weighted sum is <q, n>.
  Tensor with_one(const Tensor& v) const {
    const Tensor rows = heads::cut(v, heads_);
    Shape one = rows.shape(), joined = v.shape();
    one[one.rank() - 1] = 1;
    joined[joined.rank() - 1] = heads_ * (d_ + 1);
    return reshape(concat({rows, Tensor(one, 1.0f)}, -1), joined);
  }
  Tensor read_out(const Tensor& sums, const Tensor& m, const Tensor& x) const {
    const Tensor rows = heads::cut(sums, heads_);  // [..., H, d + 1]
    const Tensor total = abs(slice(rows, -1, d_, d_ + 1));
    const Tensor y =
        slice(rows, -1, 0, d_) / maximum(total, reshape(exp(-1.0f * m), total.shape()));
    const Tensor normed = heads::centred(reshape(y, x.shape()), heads_, 1e-6f) * gain_;
    return matmul(normed * sigmoid(matmul(x, gate_)), out_);
  }

  int64_t heads_, d_, chunk_;
  float cap_;
  Tensor q_, k_, v_, i_, i_bias_, f_, f_bias_, gate_, gain_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(mlstm) {
  registry.mixer<BothWays<Mlstm>>(
      {.name = "mlstm",
       .about = "mLSTM of xLSTM: a matrix of states with exponential gates",
       .source = "Beck et al. 2024, arXiv:2405.04517, eq. 19 to 27",
       .direction = Direction::either});
}
