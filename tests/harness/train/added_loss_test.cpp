// Auxiliary losses, as a mixer hands them to add_loss().
#include "math/added_loss.h"

#include "harness/check/gradcheck.h"
#include "harness/train/lanes.h"
#include "harness/train/scoring.h"
#include "longhaul/ops.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// y = x .* gain. `adds`: the loss that it adds, by name.
class AddsLoss final : public Mixer {
 public:
  explicit AddsLoss(MixerContext& c)
      : adds_(c.options().choice("adds", "nothing", {"nothing", "gains", "outputs", "many"}, "")),
        gain_(c.parameter("gain", {c.d_model()}, constant(0.5f))) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    const Tensor y = x * gain_;
    if (adds_ == "gains") {  // in two parts
      add_loss(0.75f * sum_all(gain_ * gain_));
      add_loss(0.25f * sum_all(gain_ * gain_));
    }
    if (adds_ == "outputs") add_loss((1 / static_cast<float>(y.dim(0))) * sum_all(y * y));
    if (adds_ == "many") add_loss(gain_);
    return y;
  }
  State start(int64_t) const override { return {}; }
  Tensor step(const Tensor& x, State&) const override { return x * gain_; }

 private:
  std::string adds_;
  Tensor gain_;
};

const TaskShape kTask{
    .vocab = 7, .classes = 3, .max_length = 12, .readout = Readout::sequence, .channels = 0};

Model model_that_adds(const std::string& adds, bool checkpoint_blocks = false) {
  Registry registry;
  registry.mixer<AddsLoss>({.name = "adds_loss", .about = "", .source = ""});
  Options options({{"adds", adds}});
  Settings settings;
  settings.d_model = 4;
  settings.layers = 2;
  settings.checkpoint_blocks = checkpoint_blocks;
  return {registry.model("adds_loss"), options, settings, kTask, 1};
}

// Lanes of unequal size.
std::vector<Batch> three_lanes() {
  return {random_batch({5, 6, 7}, kTask, 1), random_batch({9}, kTask, 2),
          random_batch({12, 12}, kTask, 3)};
}

struct Step {
  Lanes::Result result;
  std::vector<float> gradient;
  double again = 0;  // Lanes::objective of the same
};

Step step_of(const Model& model) {
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  Lanes lanes(model, 4, offsets);
  Step step;
  step.result = lanes.run(three_lanes(), 1);
  step.gradient.assign(lanes.gradient(), lanes.gradient() + offsets.back());
  step.again = lanes.objective(three_lanes(), 1);
  return step;
}

}  // namespace

TEST_CASE("add_loss: training minimises it too, and no score shows it", "[added_loss]") {
  const Model with = model_that_adds("gains"), without = model_that_adds("nothing");
  const Step one = step_of(with), other = step_of(without);
  // Two layers with four gains of 0.5 each, whatever the lanes.
  CHECK(one.result.objective == Approx(other.result.objective + 2 * 4 * 0.25));
  CHECK(one.again == Approx(one.result.objective));
  CHECK(one.result.plain_loss == other.result.plain_loss);
  CHECK(evaluate(with, three_lanes()).of("cross_entropy") ==
        evaluate(without, three_lanes()).of("cross_entropy"));

  const std::vector<int64_t> offsets = gradient_layout(with.parameters());
  for (std::size_t p = 0; p < with.parameters().size(); ++p) {
    const Parameter& parameter = with.parameters()[p];
    const bool is_gain = parameter.name.find("mixer.gain") != std::string::npos;
    INFO(parameter.name);
    for (int64_t i = offsets[p]; i < offsets[p] + parameter.value.size(); ++i)
      CHECK(one.gradient[i] == Approx(other.gradient[i] + (is_gain ? 2 * 0.5 : 0)).margin(1e-6));
  }
}

TEST_CASE("add_loss: its gradient is that of finite differences", "[added_loss]") {
  const Model model = model_that_adds("outputs");
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  Lanes lanes(model, 4, offsets);
  lanes.run(three_lanes(), 1);
  const std::vector<float> gradient(lanes.gradient(), lanes.gradient() + offsets.back());
  constexpr float kStep = 1e-2f;
  for (std::size_t p = 0; p < model.parameters().size(); ++p) {
    const Parameter& parameter = model.parameters()[p];
    if (parameter.name.find("mixer.gain") == std::string::npos) continue;
    for (int64_t i = 0; i < parameter.value.size(); ++i) {
      Tensor value = parameter.value;
      float& x = value.data()[i];
      const float at = x;
      x = at + kStep;
      const double above = lanes.objective(three_lanes(), 1);
      x = at - kStep;
      const double below = lanes.objective(three_lanes(), 1);
      x = at;
      INFO(parameter.name << " " << i);
      CHECK(gradient[offsets[p] + i] ==
            Approx((above - below) / (2 * double{kStep})).epsilon(0.01).margin(1e-3));
    }
  }
}

TEST_CASE("add_loss: a step has the same bits on any number of threads", "[added_loss]") {
  const Model model = model_that_adds("outputs");
  const auto step = [&] { return step_of(model); };
  const Step one = with_threads(1, step), two = with_threads(2, step);
  CHECK(one.result.objective == two.result.objective);
  CHECK(one.gradient == two.gradient);
}

TEST_CASE("add_loss: what is no single number, or would lose its gradient, is refused",
          "[added_loss]") {
  CHECK_THROWS_WITH(step_of(model_that_adds("many")),
                    Contains("add_loss: expected one number, found the shape (4)"));
  CHECK_THROWS_WITH(step_of(model_that_adds("gains", true)),
                    Contains("add_loss: checkpoint_blocks: true would lose its gradient"));
  CHECK_NOTHROW(step_of(model_that_adds("nothing", true)));
  // Where nobody trains it is ignored.
  CHECK_NOTHROW(evaluate(model_that_adds("gains", true), three_lanes()));
}
