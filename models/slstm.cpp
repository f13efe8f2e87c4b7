// The sLSTM of xLSTM: an LSTM with exponential gates and a normaliser (Beck et al. 2024,
// arXiv:2405.04517, eq. 8 to 18).
//
//   u_t = x_t W + b + R h_{t-1}, for i~, f~, z~, o~
//   c_t = sigmoid(f~) c_{t-1} + exp(i~) tanh(z~),   n_t = sigmoid(f~) n_{t-1} + exp(i~)
//   h_t = sigmoid(o~) c_t / n_t                      out = (norm(h) .* gain) W_out
//
// R has one block a head and gate. c and n are kept divided by exp(m_t) (slstm_recurrence in
// longhaul/recurrences.h). norm is a layer norm within each head, epsilon 1e-6. R starts at 0, the
// forget gates' bias as in the authors' code at 5 - 12 (j / (d - 1))^(0.3 + 1.3 r) in channel j of
// a head, r from 0 in the lowest to 1 in the highest block: from 5 down to -7, more of them closed
// further down. The paper's convolution before the gates is left to the backbone's one, short_conv,
// its up-projection to the backbone's MLP.
// Time O(T D (D + d)), step by step; state 4 D.

#include <algorithm>

#include "longhaul/elementary.h"
#include "longhaul/ops.h"
#include "longhaul/parts/head_readout.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

class Slstm final : public Mixer {
 public:
  explicit Slstm(MixerContext& c) : heads_(read_heads(c)), D_(c.d_model()) {
    const auto height =
        static_cast<double>(c.layer()) / static_cast<double>(std::max<int64_t>(c.layers() - 1, 1));
    const int64_t d = D_ / heads_;
    const ParameterGroup no_decay{.decay = false};
    w_ = c.weight("W", D_, 4 * D_);
    b_ = c.parameter("b", {4 * D_}, forget_gates(d, height), no_decay);
    r_ = c.parameter("R", {4, heads_, d, d}, zeros());
    gain_ = c.parameter("norm.gain", {D_}, constant(1), no_decay);
    out_ = c.weight("out", D_, D_);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    return read_out(slstm_recurrence(matmul(x, w_) + b_, r_));
  }

  State start(int64_t batch) const override { return {{slstm_state(batch, D_)}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    ++state.position;
    return read_out(slstm_step(matmul(x, w_) + b_, r_, state.tensors[0]));
  }

 private:
  Init forget_gates(int64_t d, double height) const {  // order i, f, z, o
    return [=, D = D_](Tensor& values, Rng&) {
      std::fill_n(values.data(), values.size(), 0.0f);
      const auto last = static_cast<double>(std::max<int64_t>(d - 1, 1));
      for (int64_t i = 0; i < D; ++i) {
        const double at = static_cast<double>(i % d) / last;
        const double risen = at > 0 ? elementary::pow(at, 0.3 + 1.3 * height) : 0;
        values.data()[D + i] = static_cast<float>(5 - 12 * risen);
      }
    };
  }
  Tensor read_out(const Tensor& h) const {
    return matmul(heads::centred(h, heads_, 1e-6f) * gain_, out_);
  }

  int64_t heads_, D_;
  Tensor w_, b_, r_, gain_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(slstm) {
  registry.mixer<Slstm>({.name = "slstm",
                         .about = "sLSTM of xLSTM: an LSTM with exponential gates, block-diagonal",
                         .source = "Beck et al. 2024, arXiv:2405.04517, eq. 8 to 18",
                         .direction = Direction::causal});
}
