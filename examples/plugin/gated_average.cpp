// Gated moving average: an exponential moving average of every channel, read through a gate.
//
//   v = x W_v      y_t = a .* y_{t-1} + (1 - a) .* v_t,  y_{-1} = 0
//   out = (y .* silu(x W_g)) W_out
//
// with a = sigmoid(decay), trained. It is the simplest relative of the moving average with gates of
// Ma et al. 2022 (Mega, arXiv:2209.10655, eq. 2 and section 3.2), without its damping, expansion
// and attention. Averaging spans 1 / (1 - a) positions, which start out evenly from 1.25 to 200 in
// logarithm over the channels. Time O(T D^2), decoding state y, D floats.

#include <cmath>

#include "longhaul/mixer.h"
#include "longhaul/ops.h"
#include "longhaul/plugin.h"
#include "moving_average.h"

namespace {
using namespace longhaul;

constexpr double kShortest = 1.25;  // positions

// decay = log(a / (1 - a)) = log(span - 1), with a = 1 - 1 / span
Init spans_up_to(double longest) {
  return [longest](Tensor& values, Rng&) {
    const auto last = static_cast<double>(std::max<int64_t>(values.size() - 1, 1));
    for (int64_t d = 0; d < values.size(); ++d) {
      const double span = kShortest * std::pow(longest / kShortest, static_cast<double>(d) / last);
      values.data()[d] = static_cast<float>(std::log(span - 1));
    }
  };
}

class GatedAverage final : public Mixer {
 public:
  explicit GatedAverage(MixerContext& c) {
    const int64_t D = c.d_model();
    const double span =
        c.options().number("span", 200, "longest averaging span at the start, positions", 2, 1e6);
    value_ = c.weight("value.weight", D, D);
    gate_ = c.weight("gate.weight", D, D);
    decay_ = c.parameter("decay", {D}, spans_up_to(span), {.lr_scale = 1, .decay = false});
    out_ = c.weight("out.weight", D, D);
  }

  Tensor forward(const Tensor& x, const Lengths&) const override {  // [B, T, D]
    const Tensor y =
        moving_average(sigmoid(decay_), matmul(x, value_), Tensor({x.dim(0), x.dim(2)}));
    return read_out(y, x);
  }

  State start(int64_t batch) const override { return {{Tensor({batch, decay_.dim(0)})}}; }

  Tensor step(const Tensor& x, State& state) const override {  // [B, D]
    const int64_t B = x.dim(0), D = x.dim(1);
    const Tensor v = reshape(matmul(x, value_), {B, 1, D});
    const Tensor y = reshape(moving_average(sigmoid(decay_), v, state.tensors[0]), {B, D});
    state = {{y}, state.position + 1};
    return read_out(y, x);
  }

 private:
  Tensor read_out(const Tensor& y, const Tensor& x) const {
    return matmul(gated_silu(y, matmul(x, gate_)), out_);
  }

  Tensor value_, gate_, decay_, out_;
};

}  // namespace

LONGHAUL_PLUGIN(gated_average) {
  registry.mixer<GatedAverage>({.name = "gated_average",
                                .about = "exponential moving average of every channel, gated",
                                .source = "after Ma et al. 2022, arXiv:2209.10655, eq. 2",
                                .direction = Direction::causal});
}
