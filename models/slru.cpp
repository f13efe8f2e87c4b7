// The linear recurrent unit with real states (SLRU): lru without its phases.
//
//   x_t = lambda .* x_{t-1} + exp(gamma_log) .* (B u_t)     lambda = exp(-exp(nu_log)), in (0, 1)
//   y_t = C x_t + D .* u_t
//
// Initial values, normalisation and the stable exponential are those of the LRU (Orvieto et al.
// 2023, arXiv:2303.06349, section 3; see lru.cpp and ring.h) with r = lambda, so E|x|^2 starts at
// the size of E|B u|^2. A state forgets at a fixed rate and cannot rotate: what lru stores as an
// oscillation, slru cannot. gamma scales the columns of B before the product. A bidirectional model
// scans the reversed sequence too, with parameters of its own; C reads both. Time O(T (D N + N)),
// state N per sequence.

#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/parts/ring.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// One direction of time: what turns u into the states x.
class Scan {
 public:
  Scan(MixerContext& c, const std::string& prefix, int64_t N, const Ring& ring,
       ParameterGroup group)
      : nu_log_(c.parameter(prefix + "nu_log", {N}, nu_log(ring), group)),
        gamma_log_(c.parameter(prefix + "gamma_log", {N}, gamma_log(nu_log_), group)),
        b_(c.parameter(prefix + "B", {c.d_model(), N}, fan_in(), group)) {}

  Tensor lambda() const { return exp(-1.0f * exp(nu_log_)); }  // [N]
  Tensor input(const Tensor& u) const {                        // [..., D] -> [..., N]
    return matmul(u, b_ * exp(gamma_log_));
  }
  Tensor states(const Tensor& u) const { return gated_scan(lambda(), input(u)); }  // [B, T, N]

 private:
  Tensor nu_log_, gamma_log_, b_;
};

class Slru final : public Mixer {
 public:
  explicit Slru(MixerContext& c) {
    Options& o = c.options();
    const int64_t D = c.d_model();
    state_ = o.integer("state", 0, "real states N of a direction; 0 means d_model");
    const Ring ring = Ring::read(o);
    const double lr_scale = o.number(
        "lr_scale", 0.5, "learning-rate factor of lambda, gamma and B, which never decay", 0, 1);
    if (state_ == 0) state_ = D;
    const ParameterGroup group{lr_scale, false};
    scans_.emplace_back(c, "", state_, ring, group);
    if (!c.causal()) scans_.emplace_back(c, "reverse.", state_, ring, group);
    const auto rows = static_cast<int64_t>(scans_.size()) * state_;
    c_ = c.parameter("C", {rows, D}, normal(1 / std::sqrt(static_cast<double>(state_))));
    d_ = c.parameter("D", {D}, normal(1));
  }

  Tensor forward(const Tensor& u, const Lengths& lengths) const override {  // [B, T, D]
    Tensor x = scans_[0].states(u);                                         // [B, T, N]
    if (scans_.size() == 2)
      x = concat({x, flip(scans_[1].states(flip(u, lengths)), lengths)}, 2);  // [B, T, 2N]
    return matmul(x, c_) + d_ * u;
  }

  State start(int64_t batch) const override { return {{Tensor({batch, state_})}}; }

  Tensor step(const Tensor& u, State& state) const override {  // [B, D]
    const Tensor x = scans_[0].lambda() * state.tensors[0] + scans_[0].input(u);
    state = {{x}, state.position + 1};
    return matmul(x, c_) + d_ * u;
  }

 private:
  int64_t state_;
  std::vector<Scan> scans_;  // forwards, and backwards if bidirectional
  Tensor c_, d_;
};

}  // namespace

LONGHAUL_PLUGIN(slru) {
  registry.mixer<Slru>(
      {.name = "slru",
       .about = "linear recurrent unit with real states: fading memory alone",
       .source = "the LRU of Orvieto et al. 2023, arXiv:2303.06349, without phases",
       .direction = Direction::either});
}
