// Linear recurrent unit (Orvieto et al. 2023, arXiv:2303.06349, section 3; eq. 6 to 8).
//
//   x_t = lambda .* x_{t-1} + exp(gamma_log) .* (B u_t)     y_t = Re(C x_t) + D .* u_t
//   lambda = exp(-exp(nu_log) + i exp(theta_log))
//
// The stable exponential keeps |lambda| = exp(-exp(nu_log)) below 1 after any update. |lambda|
// starts uniform in area on the ring [r_min, r_max], the phase uniform in [0, max_phase], and
// gamma_log at log sqrt(1 - |lambda|^2), which keeps E|x|^2 at the size of E|B u|^2. Both are
// trained. gamma: false leaves gamma out (the paper's ablation, table 2): E|x|^2 then starts larger
// by up to 1 / (1 - r_max^2).
//
// A complex row of N is stored as 2N reals, real parts first. So B is a real [D, 2N], and C a real
// [2N, D]: Re(C x) = C^r x^r - C^i x^i, and the rows N .. 2N of C hold -C^i. gamma scales the
// columns of B before the product: once per pass instead of once per position. A bidirectional
// model scans the reversed sequence too, with parameters of its own; C reads both. Time O(T (D N +
// N)), state 2N per sequence.

#include <cmath>
#include <numbers>
#include <optional>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/parts/ring.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// Drawn from (0, max_phase]: the logarithm stays finite.
Init theta_log(double max_phase) {
  return [=](Tensor& values, Rng& rng) {
    for (int64_t n = 0; n < values.size(); ++n)
      values.data()[n] = static_cast<float>(elementary::log(max_phase * (1 - rng.uniform())));
  };
}

// One direction of time: what turns u into the states x.
class Scan {
 public:
  Scan(MixerContext& c, const std::string& prefix, int64_t N, const Ring& ring, double max_phase,
       bool has_gamma, ParameterGroup group)
      : nu_log_(c.parameter(prefix + "nu_log", {N}, nu_log(ring), group)),
        theta_log_(c.parameter(prefix + "theta_log", {N}, theta_log(max_phase), group)),
        b_(c.parameter(prefix + "B", {c.d_model(), 2 * N},
                       normal(1 / std::sqrt(2.0 * static_cast<double>(c.d_model()))), group)) {
    if (has_gamma) gamma_log_ = c.parameter(prefix + "gamma_log", {N}, gamma_log(nu_log_), group);
  }

  Tensor lambda() const {  // [2N]
    const Tensor modulus = exp(-1.0f * exp(nu_log_)), phase = exp(theta_log_);
    return concat({modulus * cos(phase), modulus * sin(phase)}, 0);
  }
  Tensor input(const Tensor& u) const {  // [..., D] -> gamma .* (B u) [..., 2N]
    if (!gamma_log_) return matmul(u, b_);
    const Tensor gamma = exp(*gamma_log_);
    return matmul(u, b_ * concat({gamma, gamma}, 0));
  }

 private:
  Tensor nu_log_, theta_log_, b_;
  std::optional<Tensor> gamma_log_;
};

class Lru final : public Mixer {
 public:
  explicit Lru(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    state_ = o.integer("state", 0, "complex states N of a direction; 0 means d_model");
    const Ring ring = Ring::read(o);
    const double max_phase = o.number("max_phase", 2 * std::numbers::pi,
                                      "largest phase at the start", 1e-6, 2 * std::numbers::pi);
    const bool has_gamma = o.flag("gamma", true, "scale inputs by exp(gamma_log)");
    // The paper tunes .1 to .5; its upper end learns most within a short budget.
    const double lr_scale = o.number(
        "lr_scale", 0.5, "learning-rate factor of lambda, gamma and B, which never decay", 0, 1);
    if (state_ == 0) state_ = D;
    const ParameterGroup group{lr_scale, false};
    scans_.emplace_back(c, "", state_, ring, max_phase, has_gamma, group);
    if (!c.causal()) scans_.emplace_back(c, "reverse.", state_, ring, max_phase, has_gamma, group);
    const int64_t rows = 2 * state_ * static_cast<int64_t>(scans_.size());
    c_ = c.parameter("C", {rows, D}, normal(1 / std::sqrt(static_cast<double>(state_))));
    d_ = c.parameter("D", {D}, normal(1));
  }

  Tensor forward(const Tensor& u, const Lengths& lengths) const override {  // [B, T, D]
    Tensor x = complex_scan(scans_[0].lambda(), scans_[0].input(u));        // [B, T, 2N]
    if (scans_.size() == 2) {
      const Tensor back = complex_scan(scans_[1].lambda(), scans_[1].input(flip(u, lengths)));
      x = concat({x, flip(back, lengths)}, 2);  // [B, T, 4N]
    }
    return matmul(x, c_) + d_ * u;
  }

  State start(int64_t batch) const override { return {{Tensor({batch, 2 * state_})}}; }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Shape row{u.dim(0), 1, 2 * state_};
    // Two steps of the scan from zero: the first yields the old state, the second the new one.
    const Tensor inputs =
        concat({reshape(state.tensors[0], row), reshape(scans_[0].input(u), row)}, 1);
    const Tensor x =
        reshape(slice(complex_scan(scans_[0].lambda(), inputs), 1, 1, 2), {u.dim(0), 2 * state_});
    state = {{x}, state.position + 1};
    return matmul(x, c_) + d_ * u;
  }

 private:
  int64_t state_;
  std::vector<Scan> scans_;  // forwards, and backwards if bidirectional
  Tensor c_, d_;
};

}  // namespace

LONGHAUL_PLUGIN(lru) {
  registry.mixer<Lru>({.name = "lru",
                       .about = "linear recurrent unit: complex diagonal linear recurrence",
                       .source = "Orvieto et al. 2023, arXiv:2303.06349, eq. 6 to 8",
                       .direction = Direction::either});
}
