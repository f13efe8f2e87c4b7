// S5: one diagonal state space with many inputs and outputs (Smith et al. 2023, arXiv:2208.04933,
// section 3).
//
//   x_t = decay .* x_{t-1} + input .* (B u_t)         y_t = 2 Re(C x_t) + D .* u_t
//   zero-order hold: decay = exp(A dt), input = (decay - 1) / A          out = gelu(y)
//
// output: none leaves GELU out: the backbone's feed_forward half_glu1 and half_glu2 have it inside.
//
// P real dimensions are P/2 complex states, each standing for a conjugate pair, with a step dt
// each. A = -exp(A_log) + i A_imag starts at the eigenvalues -1/2 + i w of `blocks` HiPPO-N
// matrices (longhaul/parts/hippo.h). The paper also turns B and C by the eigenvectors V: for normal
// values and a unitary V that is complex normal noise, so it is drawn directly: E|B|^2 = 1/P, and
// E|C|^2 as the authors' code has it under the same names:
//
//   trunc_standard_normal   2/P        its default, and for Retrieval and Pathfinder
//   lecun_normal            2/(P D)    for ListOps, Text and Image; fans of the whole [D, P, 2]
//   complex_normal          1          for Path-X
//
// Deviations: the real part of A cannot become positive, and all of A, dt and B learn slower and
// never decay. A bidirectional model scans the reversed sequence with the same A, dt and B and has
// a C for each direction. Time O(T (D P + P)), state P per sequence.

#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/hippo.h"
#include "longhaul/parts/state_space.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// E|C|^2.
double output_variance(const std::string& init, double P, double D) {
  if (init == "complex_normal") return 1;
  return init == "lecun_normal" ? 2 / (P * D) : 2 / P;
}

class S5 final : public Mixer {
 public:
  explicit S5(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    int64_t P = o.integer("state", 0, "real dimensions P of the state; 0 means d_model, made even");
    int64_t blocks =
        o.integer("blocks", 1, "HiPPO-N matrices that A starts from; P/2 of them fit", 1);
    const StepRange steps = StepRange::read(o);
    const std::string c_init =
        o.choice("c_init", "trunc_standard_normal",
                 {"trunc_standard_normal", "lecun_normal", "complex_normal"},
                 "how large C starts, E|C|^2: 2 / state, 2 / (state d_model) or 1");
    const double lr_scale =
        o.number("lr_scale", 0.33, "learning-rate factor of A, dt and B, which never decay", 0, 1);
    has_gelu_ =
        o.choice("output", "gelu", {"gelu", "none"},
                 "what stands behind the recurrence; none where feed_forward has gates") == "gelu";
    if (P == 0) P = D + D % 2;
    if (P % (2 * blocks) != 0) {
      o.problem("blocks",
                text(blocks, " blocks do not cut a state of ", P, " into equal even parts"));
      P = 2;
      blocks = 1;
    }
    p_ = P / 2;
    const ParameterGroup group{lr_scale, false};
    const int64_t M = P / blocks;
    a_log_ = c.parameter("A_log", {p_}, constant(static_cast<float>(elementary::log(0.5))), group);
    a_imag_ =
        c.parameter("A_imag", {p_},
                    by_state([=](int64_t n) { return hippo_frequency(M, n % (M / 2)); }), group);
    dt_log_ = c.parameter("dt_log", {p_}, log_steps(steps), group);
    const auto states = static_cast<double>(P), channels = static_cast<double>(D);
    b_ = c.parameter("B", {D, P}, normal(std::sqrt(0.5 / states)), group);
    const int64_t rows = c.causal() ? P : 2 * P;
    c_ = c.parameter("C", {rows, D},
                     normal(std::sqrt(output_variance(c_init, states, channels) / 2)));
    d_ = c.parameter("D", {D}, normal(1));
  }

  Tensor forward(const Tensor& u, const Lengths& lengths) const override {  // [B, T, D]
    const Discrete system = discrete();
    const Tensor lambda = concat({system.decay.re, system.decay.im}, 0), b = writing(system);
    Tensor x = complex_scan(lambda, matmul(u, b));  // [B, T, P]
    if (c_.dim(0) != 2 * p_)
      x = concat({x, flip(complex_scan(lambda, matmul(flip(u, lengths), b)), lengths)}, 2);
    return read_out(x, u);
  }

  // The state is x, real parts and imaginary parts [B, P/2].
  State start(int64_t batch) const override { return {{Tensor({batch, p_}), Tensor({batch, p_})}}; }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Discrete system = discrete();
    const Tensor input = matmul(u, writing(system));
    Complex x = system.decay * Complex{state.tensors[0], state.tensors[1]};
    x = {x.re + slice(input, 1, 0, p_), x.im + slice(input, 1, p_, 2 * p_)};
    state = {{x.re, x.im}, state.position + 1};
    return read_out(concat({x.re, x.im}, 1), u);
  }

 private:
  Discrete discrete() const {  // all [P/2]
    return zero_order_hold({-1.0f * exp(a_log_), a_imag_}, exp(dt_log_));
  }
  Tensor writing(const Discrete& system) const {  // input .* B, [D, P]
    const Complex b = Complex{slice(b_, 1, 0, p_), slice(b_, 1, p_, 2 * p_)} * system.input;
    return concat({b.re, b.im}, 1);
  }
  // Rows P/2 .. P of C hold -C^i: Re(C x) = C^r x^r - C^i x^i.
  Tensor read_out(const Tensor& x, const Tensor& u) const {
    const Tensor y = matmul(x, 2.0f * c_) + d_ * u;
    return has_gelu_ ? gelu(y) : y;
  }

  int64_t p_;
  bool has_gelu_;
  Tensor a_log_, a_imag_, dt_log_, b_, c_, d_;
};

}  // namespace

LONGHAUL_PLUGIN(s5) {
  registry.mixer<S5>({.name = "s5",
                      .about = "diagonal state space shared by all channels",
                      .source = "Smith et al. 2023, arXiv:2208.04933, section 3",
                      .direction = Direction::either});
}
