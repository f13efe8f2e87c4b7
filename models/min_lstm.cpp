// minLSTM (Feng et al. 2024, arXiv:2410.01201, section 3.2): an LSTM whose gates see the input
// alone.
//
//   f_t = sigmoid(W_f x_t + b_f)    i_t = sigmoid(W_i x_t + b_i)    c_t = g(W_h x_t + b_h)
//   h_t = f'_t .* h_{t-1} + i'_t .* c_t      f' = f / (f + i),  i' = i / (f + i)      y_t = out h_t
//
// The shares f' and i' add up to 1, which keeps the state's scale independent of time. They are
// computed as f' = sigmoid(log f - log i) with log sigmoid(u) = -softplus(-u), since f + i may be
// zero in float32. g is the positive candidate (appendix B: x + 0.5 for x >= 0, else sigmoid(x))
// or, with `candidate: linear`, the identity. Time O(T D N), state N per sequence.

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/minimal_candidate.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class MinLstm final : public Mixer {
 public:
  explicit MinLstm(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    state_ = o.integer("state", 0, "width N of the state; 0 means d_model");
    if (state_ == 0) state_ = D;
    const ParameterGroup no_decay{.decay = false};
    f_ = c.weight("f.weight", D, state_);
    f_bias_ = c.parameter("f.bias", {state_}, zeros(), no_decay);
    i_ = c.weight("i.weight", D, state_);
    i_bias_ = c.parameter("i.bias", {state_}, zeros(), no_decay);
    candidate_ = MinimalCandidate(c, state_);
    out_ = c.weight("out.weight", state_, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor keep = kept(x);                                    // [B, T, N]
    return matmul(gated_scan(keep, shift(-1.0f * keep, 1) * candidate_(x)), out_);
  }

  State start(int64_t batch) const override { return {{Tensor({batch, state_})}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor c = candidate_(x), next = c + kept(x) * (state.tensors[0] - c);
    state = {{next}, state.position + 1};
    return matmul(next, out_);
  }

 private:
  Tensor kept(const Tensor& x) const {  // f'
    const Tensor f = matmul(x, f_) + f_bias_, i = matmul(x, i_) + i_bias_;
    return sigmoid(softplus(-1.0f * i) - softplus(-1.0f * f));
  }

  int64_t state_;
  MinimalCandidate candidate_;
  Tensor f_, f_bias_, i_, i_bias_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(min_lstm) {
  registry.mixer<BothWays<MinLstm>>(
      {.name = "min_lstm",
       .about = "LSTM with gates of the input alone, shares that add up to 1",
       .source = "Feng et al. 2024, arXiv:2410.01201, section 3.2",
       .direction = Direction::either});
}
