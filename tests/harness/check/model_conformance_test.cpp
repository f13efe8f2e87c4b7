// The conformance checks find what they are there to find: each broken mixer is named for its
// fault.

#include <limits>
#include <stdexcept>

#include "harness/check/model_conformance.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// y_t = (sum of x_s w over s <= t) / T-free scale; the base of all broken ones below.
class Sum : public Mixer {
 public:
  explicit Sum(MixerContext& c) : w_(c.weight("w.weight", c.d_model(), c.d_model())) {}
  Tensor forward(const Tensor& x, const Lengths&) const override {
    return accumulate(matmul(x, w_));
  }
  State start(int64_t batch) const override { return {{Tensor({batch, w_.dim(0)})}}; }
  Tensor step(const Tensor& x, State& state) const override {
    state.tensors[0] = add(state.tensors[0], matmul(x, w_));
    return scale(state.tensors[0], 0.1f);
  }

 protected:
  static Tensor accumulate(const Tensor& v) {
    std::vector<Tensor> y{slice(v, 1, 0, 1)};
    for (int64_t t = 1; t < v.dim(1); ++t) y.push_back(add(y.back(), slice(v, 1, t, t + 1)));
    return scale(concat(y, 1), 0.1f);
  }
  Tensor w_;
};

struct LooksAhead final : Sum {
  using Sum::Sum;
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    return add(Sum::forward(x, lengths), reshape(mean(x, 1), {x.dim(0), 1, x.dim(2)}));
  }
};

struct WrongStep final : Sum {
  using Sum::Sum;
  Tensor step(const Tensor& x, State& state) const override {
    return scale(Sum::step(x, state), 1.5f);
  }
};

struct MixesRows final : Sum {
  using Sum::Sum;
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    const Tensor y = Sum::forward(x, lengths);
    return add(y, reshape(mean(y, 0), {1, x.dim(1), x.dim(2)}));
  }
};

struct WrongGradient final : Sum {
  using Sum::Sum;
  Tensor forward(const Tensor& x, const Lengths&) const override {
    Tensor twice = scale(matmul(x.clone(), w_), 1);  // the clone cuts x off the tape
    return accumulate(twice);
  }
};

struct Undeclared final : Sum {
  explicit Undeclared(MixerContext& c) : Sum(c), hidden(Shape{c.d_model()}) {
    hidden.set_needs_grad(true);
  }
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    return add(Sum::forward(x, lengths), hidden);
  }
  Tensor hidden;
};

// A weight as the author of a PyTorch model would forget to register it.
struct Forgotten final : Sum {
  explicit Forgotten(MixerContext& c) : Sum(c), gate(Shape{2, c.d_model()}, 0.5f) {}
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    return mul(Sum::forward(x, lengths), slice(gate, 0, 0, 1));
  }
  Tensor gate;
};

struct KeepsConstant final : Sum {
  explicit KeepsConstant(MixerContext& c)
      : Sum(c), half(c.fixed("half", {c.d_model()}, constant(0.5f))) {}
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    return mul(Sum::forward(x, lengths), half);
  }
  Tensor step(const Tensor& x, State& state) const override {
    return mul(Sum::step(x, state), half);
  }
  Tensor half;
};

// Not a number at the first position alone, and there only inside a lane.
struct BreaksInLane final : Sum {
  using Sum::Sum;
  Tensor forward(const Tensor& x, const Lengths& lengths) const override {
    const Tensor y = Sum::forward(x, lengths);
    if (LaneScope::inside()) y.data()[0] = std::numeric_limits<float>::quiet_NaN();
    return y;
  }
};

struct ThrowsInStep final : Sum {
  using Sum::Sum;
  Tensor step(const Tensor&, State&) const override { throw std::out_of_range("step 0"); }
};

template <class T>
std::string model_violations() {
  Registry registry;
  registry.mixer<T>({.name = "broken", .about = "", .source = "", .direction = Direction::causal});
  std::string all;
  for (const std::string& violation : check_conformance(registry.model("broken")))
    all += violation + '\n';
  return all;
}

}  // namespace

TEST_CASE("conformance: a right model has no violation", "[conformance]") {
  CHECK(model_violations<Sum>() == "");
  CHECK(model_violations<KeepsConstant>() == "");
}

TEST_CASE("conformance: each fault is named", "[conformance]") {
  using Catch::Matchers::Contains;
  CHECK_THAT(model_violations<LooksAhead>(), Contains("change when inputs from there on do"));
  CHECK_THAT(model_violations<WrongStep>(), Contains("step() differs from forward()"));
  CHECK_THAT(model_violations<MixesRows>(), Contains("rows are mixed"));
  CHECK_THAT(model_violations<Undeclared>(),
             Contains("a tensor of shape (16), made after block.0.mixer.w.weight, that is neither "
                      "trained nor stored"));
  CHECK_THAT(model_violations<Forgotten>(),
             Contains("a tensor of shape (2, 16), made after block.0.mixer.w.weight"));
  CHECK_THAT(model_violations<ThrowsInStep>(),
             Contains("causal: step returns what forward does: it throws: step 0"));
  CHECK_THAT(model_violations<WrongGradient>(), Contains("the gradient of"));
  CHECK_THAT(model_violations<BreaksInLane>(), Contains("inside a lane the result differs by inf"));
}
