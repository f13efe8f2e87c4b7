// Mamba-2: the state space whose decay is one number a head (Dao & Gu 2024, arXiv:2405.21060,
// sections 6 and 7).
//
//   [z, x, B, C, dt] = in u, widths E, E, G N, G N, H         E = expand * D
//   [x, B, C] = silu(conv([x, B, C]) + bias)                 conv: depthwise, causal, K taps
//   dt = softplus(dt + dt_bias)       a_t = exp(-exp(A_log) dt_t)     one of each a head
//   h_t = a_t h_{t-1} + dt_t B_t^T x_t        y_t = C_t h_t + D x_t
//   out (norm(y .* silu(z)))                                 norm: RMS over each group's channels
//
// x is cut into H heads; consecutive H / G heads share one B and C of N states. As attention this
// is C_i B_j^T times the decays between j and i, computed in chunks. exp(A_log) starts uniform in
// [1, 16], dt log-uniform in [dt_min, dt_max]. Time O(T (D E + E (N + chunk))), state E N + (K - 1)
// (E + 2 G N).

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

class Mamba2 final : public Mixer {
 public:
  explicit Mamba2(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    N_ = o.integer("state", 16, "states N of a channel", 1);
    E_ = D * o.integer("expand", 2, "channels inside, as a multiple of d_model", 1);
    const auto cut = heads::HeadGroups::read(o, E_);
    H_ = cut.heads;
    G_ = cut.groups;
    K_ = o.integer("conv", 4, "taps of the convolution inside; 1 is none but a scale", 1);
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    const StepRange steps = StepRange::read(o);
    const int64_t mixed = E_ + 2 * G_ * N_;
    const ParameterGroup no_decay{.decay = false};
    in_ = c.weight("in.weight", D, E_ + mixed + H_);
    const double bound = 1 / std::sqrt(static_cast<double>(K_));
    conv_ = c.parameter("conv.weight", {K_, mixed}, uniform(-bound, bound));
    conv_bias_ = c.parameter("conv.bias", {mixed}, zeros(), no_decay);
    dt_bias_ = c.parameter("dt.bias", {H_}, inverse_softplus(log_steps(steps)), no_decay);
    a_log_ = c.parameter("A_log", {H_}, heads::log_uniform(1, 16), no_decay);
    d_ = c.parameter("D", {H_}, constant(1), no_decay);
    gain_ = c.parameter("norm.gain", {E_}, constant(1), no_decay);
    out_ = c.weight("out.weight", E_, D);
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Tensor all = matmul(u, in_);
    const int64_t mixed = conv_.dim(1);
    const Tensor xbc = silu(causal_conv(slice(all, 2, E_, E_ + mixed), conv_) + conv_bias_);
    const Parts p = parts(xbc, slice(all, 2, E_ + mixed, E_ + mixed + H_));
    const Tensor y = gated_linear_attention(p.c, p.b, p.v, p.log_decay, H_, chunk_);
    return read_out(y + heads::weigh(d_, p.x, H_), slice(all, 2, 0, E_));
  }

  // The state is the last K - 1 inputs of the convolution and h [B, H, N, E / H].
  State start(int64_t batch) const override {
    return {{Tensor({batch, K_ - 1, conv_.dim(1)}), Tensor({batch, H_, N_, E_ / H_})}};
  }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const int64_t B = u.dim(0), mixed = conv_.dim(1);
    const Tensor all = matmul(u, in_);
    const Tensor window =
        concat({state.tensors[0], reshape(slice(all, 1, E_, E_ + mixed), {B, 1, mixed})}, 1);
    const Tensor last = slice(causal_conv(window, conv_), 1, K_ - 1, K_);
    const Parts p = parts(silu(reshape(last, {B, mixed}) + conv_bias_),
                          slice(all, 1, E_ + mixed, E_ + mixed + H_));
    const Tensor faded = reshape(exp(p.log_decay), {B, H_, 1, 1}) * state.tensors[1];
    const Tensor h = heads::written(faded, p.b, p.v, H_);
    state = {{slice(window, 1, 1, K_), h}, state.position + 1};
    return read_out(heads::read(p.c, h, H_) + heads::weigh(d_, p.x, H_), slice(all, 1, 0, E_));
  }

 private:
  struct Parts {
    Tensor x, b, c, v, log_decay;  // [..., E], [..., H N] twice, dt x, [..., H]
  };
  Parts parts(const Tensor& xbc, const Tensor& raw) const {
    const int wide = xbc.rank() - 1;
    const auto of_heads = [&](int64_t begin) {  // B or C, one for each head
      const Tensor own = heads::cut(slice(xbc, wide, begin, begin + G_ * N_), G_);
      Shape shape = xbc.shape();
      shape[wide] = H_ * N_;
      return reshape(repeat(own, wide, H_ / G_), shape);
    };
    const Tensor x = slice(xbc, wide, 0, E_), dt = softplus(raw + dt_bias_);
    return {x, of_heads(E_), of_heads(E_ + G_ * N_), heads::weigh(dt, x, H_),
            -1.0f * (exp(a_log_) * dt)};
  }
  Tensor read_out(const Tensor& y, const Tensor& z) const {
    const Tensor gain({E_ / G_}, 1.0f);
    const Tensor normed = rms_norm(heads::cut(gated_silu(y, z), G_), gain, 1e-5f);
    return matmul(reshape(normed, y.shape()) * gain_, out_);
  }

  int64_t N_, E_, H_, G_, K_, chunk_;
  Tensor in_, conv_, conv_bias_, dt_bias_, a_log_, d_, gain_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(mamba2) {
  registry.mixer<BothWays<Mamba2>>(
      {.name = "mamba2",
       .about = "state space with one decay a head (SSD), as chunked attention",
       .source = "Dao & Gu 2024, arXiv:2405.21060, sections 6 and 7",
       .direction = Direction::either});
}
