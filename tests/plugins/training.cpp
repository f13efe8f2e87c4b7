// A plugin with what models are trained by: a loss, an optimizer, and a mixer with an auxiliary
// loss.
#include <cmath>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"

namespace {
using namespace longhaul;

// weight * sum over rows and classes of (p_i - [i = t])^2
Tensor brier(const Tensor& logits, const Batch& answers, float weight) {
  const int64_t classes = logits.dim(1);
  Tensor minus_target(logits.shape());
  for (std::size_t row = 0; row < answers.targets.size(); ++row)
    minus_target.data()[static_cast<int64_t>(row) * classes + answers.targets[row]] = -1;
  const Tensor off = softmax(logits) + minus_target;
  return weight * sum_all(off * off);
}

void rmsprop(OptimizerSlice s) {
  const auto beta2 = static_cast<float>(s.beta2);
  for (int64_t i = 0; i < s.size; ++i) {
    const float g = s.scale * s.g[i];
    s.first[i] = beta2 * s.first[i] + (1 - beta2) * g * g;
    s.w[i] = s.decayed * s.w[i] - s.rate * g / (std::sqrt(s.first[i]) + 1e-8f);
  }
}

// y = x .* gain, and in training pressure * sum(gain^2)
class Pressed final : public Mixer {
 public:
  explicit Pressed(MixerContext& c)
      : pressure_(static_cast<float>(c.options().number("pressure", 1, "of the gains", 0, 100))),
        gain_(c.parameter("gain", {c.d_model()}, constant(1))) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    if (pressure_ > 0) add_loss(pressure_ * sum_all(gain_ * gain_));
    return x * gain_;
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State& state) const override {
    ++state.position;
    return x * gain_;
  }

 private:
  float pressure_;
  Tensor gain_;
};

}  // namespace

LONGHAUL_PLUGIN(training) {
  registry.mixer<Pressed>({.name = "pressed", .about = "y = x .* gain", .source = "a test"});
  registry.loss({.name = "brier",
                 .formula = "sum_i (p_i - [i = t])^2",
                 .source = "Brier 1950",
                 .make = [](const LossContext&) -> Objective { return brier; }});
  registry.optimizer({.name = "rmsprop",
                      .step = "g / (sqrt(s) + 1e-8), s = beta2 s + (1 - beta2) g^2",
                      .source = "Tieleman and Hinton 2012",
                      .keeps = {"s"},
                      .update = rmsprop,
                      .beta2 = 0.9});
}
