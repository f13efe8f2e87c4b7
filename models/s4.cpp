// S4: a state space a channel, whose matrix is diagonal plus low-rank (Gu, Goel & Re 2022,
// arXiv:2111.00396, section 3).
//
//   x' = (Lambda - P P*) x + B u        y = 2 Re(C x) + D u, sampled in steps of dt (bilinear)
//   out = W gelu(y), or y with output: none
//
// N real dimensions are N/2 complex states, each standing for a conjugate pair. The matrix starts
// at HiPPO-LegS, which is unitarily -1/2 + i w less P P*: w are the frequencies that
// hippo_frequencies() finds, P_n is p in the direction of eigenvector n, p_m = sqrt(m + 1/2), and B
// = sqrt(2) P. dt (one a channel) is log-uniform in [dt_min, dt_max], C complex normal. Lambda, P,
// B and dt never decay and learn slower.
//
// Training computes the convolution that the system is (dplr_kernel) and convolves by FFT; decoding
// steps through the states. The authors' code keeps C (1 - A^L) in the place of C, which ties it to
// one length; here C is the paper's. Deviations: the real part of Lambda stays below 0. A
// bidirectional model also reads the reversed sequence, with a C of its own. Time O(T D (N + log T
// + D)), state D N.

#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/hippo.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"
#include "longhaul/recurrences.h"

namespace {
using namespace longhaul;

class S4 final : public Mixer {
 public:
  explicit S4(MixerContext& c) : D_(c.d_model()) {
    Options& o = c.options();
    n_ = read_state_pairs(o);
    const int64_t N = 2 * n_;
    const StepRange steps = StepRange::read(o);
    const double lr_scale = o.number(
        "lr_scale", 0.1, "learning-rate factor of Lambda, P, B and dt, which never decay", 0, 1);
    const bool has_product = read_has_product(o);
    const ParameterGroup group{lr_scale, false};
    const std::vector<HippoMode> modes = hippo_modes(N);
    a_log_ =
        c.parameter("A_log", {n_, D_}, constant(static_cast<float>(elementary::log(0.5))), group);
    a_imag_ = c.parameter("A_imag", {n_, D_},
                          by_state([=](int64_t n) { return modes[n].frequency; }), group);
    const auto part = [=](double size) {
      return by_state([=](int64_t n) {
        return size * (n < N / 2 ? modes[n].p.real() : modes[n - N / 2].p.imag());
      });
    };
    p_ = c.parameter("P", {N, D_}, part(1), group);
    b_ = c.parameter("B", {N, D_}, part(std::numbers::sqrt2), group);
    dt_log_ = c.parameter("dt_log", {D_}, log_steps(steps), group);
    c_ = c.parameter("C", {N, D_}, normal(std::sqrt(0.5)));
    if (!c.causal()) c_reverse_ = c.parameter("reverse.C", {N, D_}, normal(std::sqrt(0.5)));
    d_ = c.parameter("D", {D_}, normal(1));
    if (has_product) out_ = c.weight("out.weight", D_, D_);
  }

  Tensor forward(const Tensor& u, const Lengths& lengths) const override {  // [B, T, D]
    Tensor y = fft_convolution(u, kernel(c_, u.dim(1))) + d_ * u;
    if (c_reverse_.defined()) {
      const Tensor back = fft_convolution(flip(u, lengths), kernel(c_reverse_, u.dim(1)));
      y = y + flip(back, lengths);
    }
    return output(y);
  }

  // The state is x, real parts and imaginary parts [B, N/2, D].
  State start(int64_t batch) const override {
    return {{Tensor({batch, n_, D_}), Tensor({batch, n_, D_})}};
  }

  // (1 - dt/2 A) x_t = (1 + dt/2 A) x_{t-1} + dt B u_t, A = Lambda - P P*; by Sherman and Morrison
  // the inverse of the left matrix is E - E P (dt/2) P* E / (1 + dt/2 P* E P), E = 1 / (1 - dt/2
  // Lambda).
  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Tensor half = 0.5f * exp(dt_log_), decay = half * exp(a_log_), turn = half * a_imag_;
    const Complex before{state.tensors[0], state.tensors[1]}, p = complex(p_), b = complex(b_);
    const Tensor row = reshape(u, {u.dim(0), 1, D_});
    const Tensor write = 2.0f * half * row, seen = half * along_p(before);
    const Complex ahead{shift(-1.0f * decay, 1), turn};  // 1 + dt/2 Lambda
    Complex r = ahead * before;
    r = {r.re - p.re * seen + b.re * write, r.im - p.im * seen + b.im * write};
    const Tensor below = shift(decay, 1), norm = below * below + turn * turn;
    const Complex e{below / norm, turn / norm};
    const Complex er = e * r, ep = e * p;
    const Tensor share = half * along_p(er) / shift(half * along_p(ep), 1);
    const Complex x{er.re - ep.re * share, er.im - ep.im * share};
    state = {{x.re, x.im}, state.position + 1};
    const Complex c = complex(c_);
    return output(2.0f * sum(c.re * x.re - c.im * x.im, 1) + d_ * u);
  }

 private:
  Tensor kernel(const Tensor& c, int64_t length) const {  // [length, D]
    const Tensor lambda = concat({-1.0f * exp(a_log_), a_imag_}, 0);
    return dplr_kernel(lambda, p_, b_, c, exp(dt_log_), length);
  }
  Complex complex(const Tensor& x) const { return {slice(x, 0, 0, n_), slice(x, 0, n_, 2 * n_)}; }
  // P* x over all states, [..., 1, D].
  Tensor along_p(const Complex& x) const {
    const Complex p = complex(p_);
    const Tensor product = 2.0f * sum(p.re * x.re + p.im * x.im, -2);
    Shape row = product.shape();
    return reshape(product, product.rank() == 1 ? Shape{1, D_} : Shape{row[0], 1, D_});
  }
  Tensor output(const Tensor& y) const { return out_.defined() ? matmul(gelu(y), out_) : y; }

  int64_t D_, n_;
  Tensor a_log_, a_imag_, p_, b_, dt_log_, c_, c_reverse_, d_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(s4) {
  registry.mixer<S4>({.name = "s4",
                      .about = "state space of its own for each channel, diagonal plus low-rank",
                      .source = "Gu, Goel & Re 2022, arXiv:2111.00396, section 3",
                      .direction = Direction::either});
}
