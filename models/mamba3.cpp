// Mamba-3, with one input and one output a channel (Lahoti et al. 2026, arXiv:2603.15569).
//
//   [z, x, B, C, dt, A, lambda, theta] = in u, widths E, E, G N, G N, H, H, H, R     E = expand * D
//   dt = softplus(dt + dt_bias), A = -max(softplus(A), 1e-4), lambda = sigmoid(lambda), each a head
//   B = turn(rms(B) + B_bias), C = turn(rms(C) + C_bias)          biases of each head
//   a_t = exp(A_t dt_t)
//   h_t = a_t h_{t-1} + (1 - lambda_t) dt_t a_t B_{t-1}^T x_{t-1} + lambda_t dt_t B_t^T x_t
//   y_t = C_t h_t + D x_t                       out (y .* silu(z))
//
// turn rotates the pairs (i, i + R) of the first 2 R channels, R = N / 4, by the sum of pi
// tanh(theta_s) dt_s over s <= t: complex states, whose angles depend on the input. The exponential
// trapezoid rule weighs both ends of a step, so the paper needs no convolution. Computed as
// chunked attention over the inputs before t, whose weights lambda_{t-1} dt_{t-1} + (1 - lambda_t)
// dt_t are known at t, and x_t by itself. dt starts log-uniform in [dt_min, dt_max], biases at 1.
// Deviation: pairs lie R apart, not side by side. Time O(T (D E + E (N + chunk))), state E N + E +
// H (N + R + 1).

#include <limits>
#include <numbers>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/both_ways.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;
namespace heads = state_heads;

class Mamba3 final : public Mixer {
 public:
  explicit Mamba3(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    N_ = o.integer("state", 16, "states N of a channel", 4);
    E_ = D * o.integer("expand", 2, "channels inside, as a multiple of d_model", 1);
    const auto cut = heads::HeadGroups::read(o, E_);
    H_ = cut.heads;
    G_ = cut.groups;
    chunk_ = o.integer("chunk", 64, "positions whose pairs are formed at once; speed alone", 1);
    const StepRange steps = StepRange::read(o);
    R_ = N_ / 4;
    const ParameterGroup no_decay{.decay = false};
    in_ = c.weight("in.weight", D, 2 * E_ + 2 * G_ * N_ + 3 * H_ + R_);
    dt_bias_ = c.parameter("dt.bias", {H_}, inverse_softplus(log_steps(steps)), no_decay);
    b_gain_ = c.parameter("B.norm.gain", {N_}, constant(1), no_decay);
    c_gain_ = c.parameter("C.norm.gain", {N_}, constant(1), no_decay);
    b_bias_ = c.parameter("B.bias", {H_, N_}, constant(1), no_decay);
    c_bias_ = c.parameter("C.bias", {H_, N_}, constant(1), no_decay);
    d_ = c.parameter("D", {H_}, constant(1), no_decay);
    out_ = c.weight("out.weight", E_, D);
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    const int64_t T = u.dim(1);
    if (T == 0) return u;
    const Parts p = parts(u);
    const Tensor angle = cumsum(p.turn, 1);
    const Tensor b = turned(p.b, angle), c = turned(p.c, angle);
    const auto before = [&](const Tensor& x) {  // of the position before, 0 at first
      return concat({Tensor({x.dim(0), 1, x.dim(2)}), slice(x, 1, 0, T - 1)}, 1);
    };
    const Tensor weight = exp(p.log_decay) * (before(p.own) + p.late);
    const Tensor y = gated_linear_attention(c, before(b), heads::weigh(weight, before(p.x), H_),
                                            p.log_decay, H_, chunk_);
    return read_out(y, b, c, p);
  }

  // The state is h without the last input [B, H, N, E / H]; of that input B [B, H N], x [B, E] and
  // lambda dt [B, H]; and the angles [B, H R].
  State start(int64_t batch) const override {
    return {{Tensor({batch, H_, N_, E_ / H_}), Tensor({batch, H_ * N_}), Tensor({batch, E_}),
             Tensor({batch, H_}), Tensor({batch, H_ * R_})}};
  }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Parts p = parts(u);
    const Tensor angle = state.tensors[4] + p.turn;
    const Tensor b = turned(p.b, angle), c = turned(p.c, angle);
    const Tensor weight = state.tensors[3] + p.late;
    const Tensor h = heads::written(state.tensors[0], state.tensors[1],
                                    heads::weigh(weight, state.tensors[2], H_), H_);
    const Tensor faded = reshape(exp(p.log_decay), {u.dim(0), H_, 1, 1}) * h;
    state = {{faded, b, p.x, p.own, angle}, state.position + 1};
    return read_out(heads::read(c, faded, H_), b, c, p);
  }

 private:
  struct Parts {
    Tensor z, x, b, c;  // [..., E] twice, [..., H N] twice
    Tensor log_decay;   // [..., H], A dt
    Tensor own, late;   // [..., H], lambda dt and (1 - lambda) dt
    Tensor turn;        // [..., H R], how far the pairs turn
  };

  Parts parts(const Tensor& u) const {
    const Tensor all = matmul(u, in_);
    const int axis = all.rank() - 1;
    int64_t at = 0;
    const auto next = [&](int64_t width) {
      at += width;
      return slice(all, axis, at - width, at);
    };
    Parts p;
    p.z = next(E_);
    p.x = next(E_);
    p.b = of_heads(next(G_ * N_), b_gain_, b_bias_);
    p.c = of_heads(next(G_ * N_), c_gain_, c_bias_);
    const Tensor dt = softplus(next(H_) + dt_bias_);
    const Tensor rate = clamp(softplus(next(H_)), 1e-4f, std::numeric_limits<float>::infinity());
    const Tensor lambda = sigmoid(next(H_));
    const Tensor theta = scale(tanh(next(R_)), std::numbers::pi_v<float>);
    p.log_decay = -1.0f * (rate * dt);
    p.own = lambda * dt;
    p.late = dt - p.own;
    Shape shape = u.shape();
    shape[axis] = H_ * R_;
    p.turn = reshape(heads::cut(dt, H_) * heads::cut(theta, 1), shape);  // [..., H, R]
    return p;
  }

  // B or C of each head, normed and biased, from those of the groups.
  Tensor of_heads(const Tensor& x, const Tensor& gain, const Tensor& bias) const {
    const Tensor normed = rms_norm(heads::cut(x, G_), gain, 1e-5f);
    const Tensor own = repeat(normed, x.rank() - 1, H_ / G_) + bias;
    Shape shape = x.shape();
    shape[x.rank() - 1] = H_ * N_;
    return reshape(own, shape);
  }

  Tensor turned(const Tensor& x, const Tensor& angle) const {  // [..., H N], [..., H R]
    const Tensor rows = heads::cut(x, H_), at = heads::cut(angle, H_);
    const Tensor re = slice(rows, -1, 0, R_), im = slice(rows, -1, R_, 2 * R_);
    const Tensor c = cos(at), s = sin(at), rest = slice(rows, -1, 2 * R_, N_);
    return reshape(concat({re * c - im * s, re * s + im * c, rest}, -1), x.shape());
  }

  // y: what the inputs before t give. <C, B> is the weight of x_t in its own output.
  Tensor read_out(const Tensor& y, const Tensor& b, const Tensor& c, const Parts& p) const {
    const Tensor own = sum(heads::cut(b * c, H_), -1) * p.own + d_;
    return matmul(gated_silu(y + heads::weigh(own, p.x, H_), p.z), out_);
  }

  int64_t N_, E_, H_, G_, chunk_, R_;
  Tensor in_, dt_bias_, b_gain_, c_gain_, b_bias_, c_bias_, d_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(mamba3) {
  registry.mixer<BothWays<Mamba3>>(
      {.name = "mamba3",
       .about = "state space with turning states and the trapezoid rule",
       .source = "Lahoti et al. 2026, arXiv:2603.15569",
       .direction = Direction::either});
}
