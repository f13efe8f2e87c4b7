// LinOSS: a state space of forced harmonic oscillators (Rusch & Rus 2025, arXiv:2410.03943,
// section 2).
//
//   y'' = -A y + u B, for N oscillators with A > 0          out = gelu(y C + D .* u)
//   velocity z and position y in steps of dt = sigmoid(dt_logit), one each an oscillator:
//   im     z_t = z_{t-1} + dt (-A y_t + u_t B)      y_t = y_{t-1} + dt z_t       implicit: damped
//   imex   z_t = z_{t-1} + dt (-A y_{t-1} + u_t B)  y_t = y_{t-1} + dt z_t       keeps its energy
//
// One step turns and shrinks the pair (z, y), which in the right coordinates is multiplication by a
// complex number, so both run as one complex scan c_t = lambda c_{t-1} + g (u_t B), y = Im c:
//   im     lambda = (1 + i dt w) / (1 + dt^2 A), g = dt lambda / w, w = sqrt(A)
//   imex   lambda = exp(i t), cos t = 1 - dt^2 A / 2,               g = dt^2 lambda / sin t
// A = exp(A_log) starts uniform in [0, 1], dt_logit too. Deviations: B and C are real, where the
// authors' complex ones make pairs of oscillators that share A and dt; theirs is relu(A), without
// an end in imex, where ours is held below 3.9. Causal. Time O(T (D N + N)), state 2 N.

#include "longhaul/elementary.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/state_heads.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

class Linoss final : public Mixer {
 public:
  explicit Linoss(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    N_ = o.integer("state", 0, "oscillators N; 0 means d_model");
    damped_ = o.choice("discretisation", "im", {"im", "imex"},
                       "im: implicit, memories fade; imex: implicit-explicit, they do not") == "im";
    if (N_ == 0) N_ = D;
    ParameterGroup group{.lr_scale = 1, .decay = false};
    if (!damped_) group.most = static_cast<float>(elementary::log(3.9));  // dt^2 A < 4
    a_log_ = c.parameter("A_log", {N_}, state_heads::log_uniform(1e-4, 1), group);
    dt_ = c.parameter("dt_logit", {N_}, uniform(0, 1), {.decay = false});
    b_ = c.weight("B", D, N_);
    c_ = c.weight("C", N_, D);
    d_ = c.parameter("D", {D}, normal(1));
  }

  Tensor forward(const Tensor& u, const Lengths&) const override {  // [B, T, D]; padding comes last
    const Discrete system = discrete();
    const Tensor x = complex_scan(concat({system.decay.re, system.decay.im}, 0),
                                  matmul(u, writing(system)));  // [B, T, 2N]
    return read_out(slice(x, 2, N_, 2 * N_), u);
  }

  // The state is c, real and imaginary parts [B, N].
  State start(int64_t batch) const override { return {{Tensor({batch, N_}), Tensor({batch, N_})}}; }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Discrete system = discrete();
    const Tensor input = matmul(u, writing(system));
    Complex x = system.decay * Complex{state.tensors[0], state.tensors[1]};
    x = {x.re + slice(input, 1, 0, N_), x.im + slice(input, 1, N_, 2 * N_)};
    state = {{x.re, x.im}, state.position + 1};
    return read_out(x.im, u);
  }

 private:
  Discrete discrete() const {  // lambda and g, all [N]
    const Tensor dt = sigmoid(dt_), square = dt * dt, dt2_a = square * exp(a_log_);
    if (damped_) {
      const Tensor w = exp(0.5f * a_log_), below = shift(dt2_a, 1);
      const Complex lambda{pow(below, -1), dt * w / below};
      return {lambda, {dt * lambda.re / w, dt * lambda.im / w}};
    }
    const Tensor cosine = shift(-0.5f * dt2_a, 1);
    const Tensor sine = sqrt(dt2_a * shift(-0.25f * dt2_a, 1));
    return {{cosine, sine}, {square * cosine / sine, square}};
  }
  Tensor writing(const Discrete& system) const {  // g .* B, [D, 2N]
    return concat({b_ * system.input.re, b_ * system.input.im}, 1);
  }
  Tensor read_out(const Tensor& y, const Tensor& u) const { return gelu(matmul(y, c_) + d_ * u); }

  int64_t N_;
  bool damped_;
  Tensor a_log_, dt_, b_, c_, d_;
};

}  // namespace

LONGHAUL_PLUGIN(linoss) {
  registry.mixer<Linoss>({.name = "linoss",
                          .about = "state space of forced harmonic oscillators",
                          .source = "Rusch & Rus 2025, arXiv:2410.03943, section 2",
                          .direction = Direction::causal});
}
