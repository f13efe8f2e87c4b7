// HGRN: a gated linear recurrence whose forget gates are bounded from below, higher up the stack by
// more (Qin et al. 2023, arXiv:2311.04823, section 3).
//
//   c_t = silu(W_c x_t + b_c)      f_t = gamma + (1 - gamma) .* sigmoid(W_f x_t + b_f)
//   h_t = f_t .* h_{t-1} + (1 - f_t) .* c_t
//   y_t = W_o norm(h_t .* sigmoid(W_g x_t + b_g)) + b_o       norm: layer norm with gain and bias
//
// The bound gamma = sigmoid(bound) is trained, one a channel; block l of L starts at l / L, so
// lower blocks may forget at once and upper ones must remember. The lowest block has none: gamma =
// 0.
//
// Deviations: the paper ties the bounds of all blocks through a cumulative softmax over blocks,
// which a mixer cannot see; here each block's starts where that softmax starts and is free from
// then on. States are real (the paper's phases exp(i theta) are left out, as in the authors' later
// models). Time O(T D N), state N per sequence.

#include "longhaul/elementary.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class Hgrn final : public Mixer {
 public:
  explicit Hgrn(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    state_ = o.integer("state", 0, "width N of the state; 0 means d_model");
    const bool bounded = o.flag("lower_bound", true, "bound forget gates from below");
    if (state_ == 0) state_ = D;
    const ParameterGroup no_decay{.decay = false};
    c_ = c.weight("c.weight", D, state_);
    c_bias_ = c.parameter("c.bias", {state_}, zeros(), no_decay);
    f_ = c.weight("f.weight", D, state_);
    f_bias_ = c.parameter("f.bias", {state_}, zeros(), no_decay);
    g_ = c.weight("g.weight", D, state_);
    g_bias_ = c.parameter("g.bias", {state_}, zeros(), no_decay);
    gain_ = c.parameter("norm.gain", {state_}, constant(1), no_decay);
    bias_ = c.parameter("norm.bias", {state_}, zeros(), no_decay);
    out_ = c.weight("out.weight", state_, D);
    out_bias_ = c.parameter("out.bias", {D}, zeros(), no_decay);
    if (bounded && c.layer() > 0) {  // sigmoid(log(l / (L - l))) = l / L
      const auto l = static_cast<double>(c.layer()), L = static_cast<double>(c.layers());
      bound_ = c.parameter("bound", {state_},
                           constant(static_cast<float>(elementary::log(l / (L - l)))), no_decay);
    }
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor f = forget(x);                                     // [B, T, N]
    return read_out(gated_scan(f, shift(-1.0f * f, 1) * candidate(x)), x);
  }

  State start(int64_t batch) const override { return {{Tensor({batch, state_})}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const Tensor c = candidate(x), next = c + forget(x) * (state.tensors[0] - c);
    state = {{next}, state.position + 1};
    return read_out(next, x);
  }

 private:
  Tensor candidate(const Tensor& x) const { return silu(matmul(x, c_) + c_bias_); }
  Tensor forget(const Tensor& x) const {
    const Tensor free = sigmoid(matmul(x, f_) + f_bias_);
    if (!bound_.defined()) return free;
    const Tensor gamma = sigmoid(bound_);
    return gamma + shift(-1.0f * gamma, 1) * free;
  }
  Tensor read_out(const Tensor& h, const Tensor& x) const {
    const Tensor gate = sigmoid(matmul(x, g_) + g_bias_);
    return matmul(layer_norm(h * gate, gain_, bias_), out_) + out_bias_;
  }

  int64_t state_;
  Tensor c_, c_bias_, f_, f_bias_, g_, g_bias_, gain_, bias_, out_, out_bias_, bound_;
};

}  // namespace

LONGHAUL_PLUGIN(hgrn) {
  registry.mixer<BothWays<Hgrn>>(
      {.name = "hgrn",
       .about = "gated linear recurrence, forget gates bounded from below by depth",
       .source = "Qin et al. 2023, arXiv:2311.04823, section 3",
       .direction = Direction::either});
}
