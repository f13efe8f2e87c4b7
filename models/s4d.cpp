// S4D: one diagonal state space a channel (Gu et al. 2022, arXiv:2206.11893, section 3 and 4).
//
//   x'(t) = A x(t) + u(t), y(t) = 2 Re(C x(t)) + D u(t), sampled in steps of dt:
//   x_t = decay x_{t-1} + input u_t        y_t = 2 Re sum_n C_n x_t[n] + D u_t
//   zoh: decay = exp(A dt), input = (decay - 1) / A       bilinear: see state_space.h
//   out = W gelu(y), or y with output: none
//
// N real dimensions are N/2 complex states, each standing for a conjugate pair; B is all ones,
// since C can absorb it. A = -exp(A_log) + i A_imag starts, for n = 0 .. N/2 - 1, at
//
//   lin   -1/2 + i pi n        inv   -1/2 + i N/pi (N / (2n + 1) - 1)        real   -(n + 1)
//
// dt (one a channel) is log-uniform in [dt_min, dt_max], C complex normal. A and dt never decay and
// learn slower. The paper evaluates the system as a convolution by FFT; here it is a scan (the
// operator diagonal_ssm), which is the same function and decodes step by step. The paper's gated
// output map is W here, and the backbone's gated MLP follows; with output: none and the backbone's
// feed_forward: glu it is the paper's. A bidirectional model also scans the
// reversed sequence, with A and dt shared and a C of its own. Time O(T (D N + D^2)), state D N.

#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

using Values = double (*)(double n, double N);
double no_imaginary(double, double) { return 0; }
double half(double, double) { return 0.5; }
double lin(double n, double) { return std::numbers::pi * n; }
double inv(double n, double N) { return N / std::numbers::pi * (N / (2 * n + 1) - 1); }
double rising(double n, double) { return n + 1; }

class S4d final : public Mixer {
 public:
  explicit S4d(MixerContext& c) : D_(c.d_model()) {
    Options& o = c.options();
    n_ = read_state_pairs(o);
    const int64_t N = 2 * n_;
    const std::string init =
        o.choice("init", "lin", {"lin", "inv", "real"}, "where the diagonal A starts");
    bilinear_ = o.choice("discretisation", "zoh", {"zoh", "bilinear"},
                         "how the system is sampled") == "bilinear";
    const StepRange steps = StepRange::read(o);
    const double lr_scale =
        o.number("lr_scale", 0.1, "learning-rate factor of A and dt, which never decay", 0, 1);
    const bool has_product = read_has_product(o);
    const ParameterGroup group{lr_scale, false};
    const Values decay = init == "real" ? rising : half;
    const Values turn = init == "lin" ? lin : init == "inv" ? inv : no_imaginary;
    const auto total = static_cast<double>(N);
    a_log_ = c.parameter("A_log", {n_, D_}, by_state([=](int64_t n) {
                           return elementary::log(decay(static_cast<double>(n), total));
                         }),
                         group);
    a_imag_ = c.parameter("A_imag", {n_, D_},
                          by_state([=](int64_t n) { return turn(static_cast<double>(n), total); }),
                          group);
    dt_log_ = c.parameter("dt_log", {D_}, log_steps(steps), group);
    c_ = c.parameter("C", {N, D_}, normal(std::sqrt(0.5)));
    if (!c.causal()) c_reverse_ = c.parameter("reverse.C", {N, D_}, normal(std::sqrt(0.5)));
    d_ = c.parameter("D", {D_}, normal(1));
    if (has_product) out_ = c.weight("out.weight", D_, D_);
  }

  Tensor forward(const Tensor& u, const Lengths& lengths) const override {  // [B, T, D]
    const Discrete system = discrete();
    const Tensor lambda = rows(system.decay);
    Tensor y = diagonal_ssm(lambda, reading(system, c_), u) + d_ * u;
    if (c_reverse_.defined())
      y = y + flip(diagonal_ssm(lambda, reading(system, c_reverse_), flip(u, lengths)), lengths);
    return output(y);
  }

  // The state is x, real parts and imaginary parts [B, N/2, D].
  State start(int64_t batch) const override {
    return {{Tensor({batch, n_, D_}), Tensor({batch, n_, D_})}};
  }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Discrete system = discrete();
    const Tensor c = reading(system, c_);
    Complex x = system.decay * Complex{state.tensors[0], state.tensors[1]};
    x.re = x.re + reshape(u, {u.dim(0), 1, D_});
    state = {{x.re, x.im}, state.position + 1};
    const Tensor y = sum(slice(c, 0, 0, n_) * x.re - slice(c, 0, n_, 2 * n_) * x.im, 1) + d_ * u;
    return output(y);
  }

 private:
  Tensor output(const Tensor& y) const { return out_.defined() ? matmul(gelu(y), out_) : y; }
  Discrete discrete() const {  // all [N/2, D]
    const Complex a{-1.0f * exp(a_log_), a_imag_};
    return bilinear_ ? bilinear(a, exp(dt_log_)) : zero_order_hold(a, exp(dt_log_));
  }
  static Tensor rows(const Complex& x) { return concat({x.re, x.im}, 0); }
  // 2 C input: what y reads from states that take u as it is.
  Tensor reading(const Discrete& system, const Tensor& c) const {
    return scale(rows(Complex{slice(c, 0, 0, n_), slice(c, 0, n_, 2 * n_)} * system.input), 2);
  }

  int64_t D_, n_;
  bool bilinear_;
  Tensor a_log_, a_imag_, dt_log_, c_, c_reverse_, d_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(s4d) {
  registry.mixer<S4d>({.name = "s4d",
                       .about = "diagonal state space of its own for each channel",
                       .source = "Gu et al. 2022, arXiv:2206.11893, section 3 and 4",
                       .direction = Direction::either});
}
