#include "math/profile.h"

#include "longhaul/ops.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

// An operator of somebody else's: y = 2 x.
Tensor doubled(const Tensor& x) {
  Tensor y = x.clone();
  for (int64_t i = 0; i < y.size(); ++i) y.data()[i] *= 2;
  count_flops(y.size());
  record(y, {x}, [x, y] {
    count_flops(3 * x.size());
    for (int64_t i = 0; i < x.size(); ++i) x.grad()[i] += 2 * y.grad()[i];
  });
  return y;
}

Tensor leaf(const Shape& shape) {
  Tensor x(shape, 0.5f);
  x.set_needs_grad(true);
  return x;
}

Measurement profiled() {
  Measurement measured;
  measured.profile.emplace();
  return measured;
}

}  // namespace

TEST_CASE("profile: an operator has its calls, operations and bytes, forward and backward",
          "[profile]") {
  Measurement measured = profiled();
  const Tensor x = leaf({3, 4}), w = leaf({4, 5});
  {
    const Meter meter(measured);
    Tape tape;
    tape.backward(sum_all(doubled(matmul(x, w))));
  }
  const auto operators = measured.profile->operators();
  REQUIRE(operators.size() == 3);
  const OperatorCosts& product = operators.at("matmul");
  CHECK(product.forward.calls == 1);
  CHECK(product.backward.calls == 1);
  CHECK(product.forward.flops == 2 * 3 * 4 * 5);
  CHECK(product.backward.flops == 2 * product.forward.flops);
  CHECK(product.forward.bytes == 4 * (3 * 4 + 4 * 5 + 3 * 5));
  CHECK(product.backward.bytes == 4 * (2 * 3 * 4 + 2 * 4 * 5 + 3 * 5));
  CHECK(product.forward.seconds > 0);
  CHECK(product.backward.seconds > 0);
  CHECK(operators.at("doubled").forward.flops == 15);
  CHECK(operators.at("doubled").backward.flops == 45);
  CHECK(operators.at("sum").forward.flops == 0);
  CHECK(measured.flops == 3 * 120 + 60);
}

TEST_CASE("profile: without a tape there is a forward pass alone", "[profile]") {
  Measurement measured = profiled();
  {
    const Meter meter(measured);
    doubled(doubled(leaf({2})));
  }
  const OperatorCosts costs = measured.profile->operators().at("doubled");
  CHECK(costs.forward.calls == 2);
  CHECK(costs.backward.calls == 0);
}

TEST_CASE("profile: parts that are recorded one by one have their result counted once",
          "[profile]") {
  Measurement measured = profiled();
  {
    const Meter meter(measured);
    concat({leaf({2, 3}), leaf({4, 3})}, 0);
  }
  CHECK(measured.profile->operators().at("concat").forward.bytes == 4 * (6 + 12 + 18));
}

TEST_CASE("profile: without one a measurement has none", "[profile]") {
  Measurement measured;
  const Meter meter(measured);
  doubled(leaf({2}));
  CHECK_FALSE(measured.profile);
  CHECK(measured.flops == 2);
}

TEST_CASE("profile: an inner measurement counts by itself, and time goes on", "[profile]") {
  Measurement measured = profiled(), inner;
  {
    const Meter meter(measured);
    const Meter uncounted(inner);
    doubled(leaf({2}));
  }
  const OperatorCosts costs = measured.profile->operators().at("doubled");
  CHECK(costs.forward.calls == 1);
  CHECK(costs.forward.flops == 0);
  CHECK(measured.flops == 0);
  CHECK(inner.flops == 2);
}

TEST_CASE("profile: what all threads share counts for each", "[profile]") {
  const auto seconds_on = [](LaneThreads threads) {
    const LaneScope lane(threads);
    Measurement measured = profiled();
    const Meter meter(measured);
    const Stopwatch watch;
    doubled(leaf({1 << 16}));
    const double seconds = watch.seconds();
    return measured.profile->operators().at("doubled").forward.seconds / seconds;
  };
  const Threads scope(4);
  CHECK(seconds_on(LaneThreads::all) > 2);
  CHECK(seconds_on(LaneThreads::one) <= 1);
}
