// Mamba: the selective state space S6 between a short convolution and a gate (Gu & Dao 2023,
// arXiv:2312.00752, section 3.4 and algorithm 2).
//
//   [x, z] = in u,  E = expand * D each        x = silu(conv(x) + b)     conv: depthwise, causal, K
//   [r, B_t, C_t] = select x_t                 dt_t = softplus(dt r_t + dt_bias)
//   h_t[n, e] = exp(dt_t[e] A[n, e]) h_{t-1}[n, e] + dt_t[e] B_t[n] x_t[e]      A = -exp(A_log)
//   y_t[e] = sum_n C_t[n] h_t[n, e] + D[e] x_t[e]            out (y .* silu(z))
//
// The step dt, the write vector B and the read vector C depend on the input; A does not, so a
// channel's decays follow its dt. A starts at -(n + 1) (S4D-Real), dt log-uniform in [dt_min,
// dt_max]. A_log and D never decay. The rank of dt is ceil(D / 16). Time O(T (D E + E N)), state E
// (N + K - 1).

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class Mamba final : public Mixer {
 public:
  explicit Mamba(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    N_ = o.integer("state", 16, "states N of a channel", 1);
    E_ = D * o.integer("expand", 2, "channels inside, as a multiple of d_model", 1);
    K_ = o.integer("conv", 4, "taps of the convolution inside; 1 is none but a scale", 1);
    const StepRange steps = StepRange::read(o);
    rank_ = (D + 15) / 16;
    const ParameterGroup no_decay{.decay = false};
    in_ = c.weight("in.weight", D, 2 * E_);
    const double bound = 1 / std::sqrt(static_cast<double>(K_));
    conv_ = c.parameter("conv.weight", {K_, E_}, uniform(-bound, bound));
    conv_bias_ = c.parameter("conv.bias", {E_}, zeros(), no_decay);
    select_ = c.weight("select.weight", E_, rank_ + 2 * N_);
    const double spread = 1 / std::sqrt(static_cast<double>(rank_));
    dt_ = c.parameter("dt.weight", {rank_, E_}, uniform(-spread, spread));
    dt_bias_ = c.parameter("dt.bias", {E_}, inverse_softplus(log_steps(steps)), no_decay);
    a_log_ = c.parameter(
        "A_log", {N_, E_},
        by_state([](int64_t n) { return elementary::log(static_cast<double>(n + 1)); }), no_decay);
    d_ = c.parameter("D", {E_}, constant(1), no_decay);
    out_ = c.weight("out.weight", E_, D);
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor both = matmul(u, in_);                             // [B, T, 2E]
    const Tensor x = silu(causal_conv(slice(both, 2, 0, E_), conv_) + conv_bias_);
    const Selection s = select(x);
    const Tensor y = selective_scan(x, s.dt, s.a, s.b, s.c) + d_ * x;
    return matmul(gated_silu(y, slice(both, 2, E_, 2 * E_)), out_);
  }

  // The state is the last K - 1 inputs of the convolution [B, K-1, E] and h [B, N, E].
  State start(int64_t batch) const override {
    return {{Tensor({batch, K_ - 1, E_}), Tensor({batch, N_, E_})}};
  }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const int64_t B = u.dim(0);
    const Tensor both = matmul(u, in_);
    const Tensor window =
        concat({state.tensors[0], reshape(slice(both, 1, 0, E_), {B, 1, E_})}, 1);  // [B, K, E]
    const Tensor x =
        silu(slice(causal_conv(window, conv_), 1, K_ - 1, K_) + conv_bias_);  // [B, 1, E]
    const Selection s = select(x);
    const Shape column{B, N_, 1};
    const Tensor h = exp(s.dt * s.a) * state.tensors[1] + s.dt * x * reshape(s.b, column);
    const Tensor y = sum(h * reshape(s.c, column), 1) + reshape(d_ * x, {B, E_});
    state = {{slice(window, 1, 1, K_), h}, state.position + 1};
    return matmul(gated_silu(y, slice(both, 1, E_, 2 * E_)), out_);
  }

 private:
  struct Selection {
    Tensor dt, a, b, c;  // [B, T, E], [N, E], [B, T, N] twice
  };
  Selection select(const Tensor& x) const {
    const Tensor all = matmul(x, select_);  // [B, T, rank + 2N]
    const Tensor r = slice(all, 2, 0, rank_);
    return {softplus(matmul(r, dt_) + dt_bias_), -1.0f * exp(a_log_),
            slice(all, 2, rank_, rank_ + N_), slice(all, 2, rank_ + N_, rank_ + 2 * N_)};
  }

  int64_t N_, E_, K_, rank_;
  Tensor in_, conv_, conv_bias_, select_, dt_, dt_bias_, a_log_, d_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(mamba) {
  registry.mixer<BothWays<Mamba>>(
      {.name = "mamba",
       .about = "selective state space (S6): steps, writes and reads by the input",
       .source = "Gu & Dao 2023, arXiv:2312.00752, section 3.4, algorithm 2",
       .direction = Direction::either});
}
