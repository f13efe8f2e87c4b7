// minGRU (Feng et al. 2024, arXiv:2410.01201, section 3.1): a GRU whose gates see the input alone.
//
//   z_t = sigmoid(W_z x_t + b_z)      c_t = g(W_h x_t + b_h)
//   h_t = (1 - z_t) .* h_{t-1} + z_t .* c_t               y_t = out h_t
//
// With no h in the gates the recurrence is linear, and one gated scan instead of a loop of
// products. g is the paper's positive candidate of its log-space form (appendix B: x + 0.5 for x >=
// 0, else sigmoid(x)) or, with `candidate: linear`, the identity of its plain form. The scan itself
// never leaves linear space: gates lie in (0, 1), so nothing can overflow. `out` is the read-out
// that the paper's code uses where the state is wider than the input. Time O(T D N), state N per
// sequence.

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/minimal_candidate.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class MinGru final : public Mixer {
 public:
  explicit MinGru(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    state_ = o.integer("state", 0, "width N of the state; 0 means d_model");
    if (state_ == 0) state_ = D;
    const ParameterGroup no_decay{.decay = false};
    z_ = c.weight("z.weight", D, state_);
    z_bias_ = c.parameter("z.bias", {state_}, zeros(), no_decay);
    candidate_ = MinimalCandidate(c, state_);
    out_ = c.weight("out.weight", state_, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor z = gate(x);                                       // [B, T, N]
    return matmul(gated_scan(shift(-1.0f * z, 1), z * candidate_(x)), out_);
  }

  State start(int64_t batch) const override { return {{Tensor({batch, state_})}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor h = state.tensors[0];
    const Tensor next = h + gate(x) * (candidate_(x) - h);
    state = {{next}, state.position + 1};
    return matmul(next, out_);
  }

 private:
  Tensor gate(const Tensor& x) const { return sigmoid(matmul(x, z_) + z_bias_); }

  int64_t state_;
  MinimalCandidate candidate_;
  Tensor z_, z_bias_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(min_gru) {
  registry.mixer<BothWays<MinGru>>(
      {.name = "min_gru",
       .about = "GRU with gates of the input alone: a linear gated recurrence",
       .source = "Feng et al. 2024, arXiv:2410.01201, section 3.1",
       .direction = Direction::either});
}
