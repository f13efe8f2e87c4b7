#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/tape.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

const Shape kShapes[] = {{0, 2, 3}, {1, 1, 1}, {2, 1, 2}, {2, 3, 5},
                         {3, 0, 2}, {5, 7, 1}, {2, 3, 0}};

}  // namespace

// What math/kernels/fold.h promises on every machine.
TEST_CASE("sum of a row goes to sixteen lanes, which a tree adds", "[ops]") {
  for (int64_t n : {1, 15, 16, 17, 40, 161}) {
    const Tensor x = random_tensor({n}, 1);
    std::vector<float> lanes(16);
    for (int64_t i = 0; i < n; ++i) lanes[i % 16] += x.data()[i];
    for (int64_t half = 8; half > 0; half /= 2)
      for (int64_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
    INFO(n << " terms");
    CHECK(sum_all(x).item() == lanes[0]);
  }
}

TEST_CASE("sum and mean remove one axis", "[ops]") {
  for (const Shape& shape : kShapes)
    for (int axis : {0, 1, 2, -1}) {
      INFO(shape << " axis " << axis);
      const Tensor x = random_tensor(shape, 1);
      const int removed = (axis + 3) % 3;
      int64_t outer = 1, inner = 1;
      for (int i = 0; i < removed; ++i) outer *= shape[i];
      for (int i = removed + 1; i < 3; ++i) inner *= shape[i];
      const Tensor y = sum(x, axis), m = mean(x, axis);
      REQUIRE(y.rank() == 2);
      REQUIRE(y.size() == outer * inner);
      for (int64_t o = 0; o < outer; ++o)
        for (int64_t i = 0; i < inner; ++i) {
          double expected = 0;
          for (int64_t e = 0; e < shape[removed]; ++e)
            expected += double{x.data()[(o * shape[removed] + e) * inner + i]};
          CHECK(y.data()[o * inner + i] == Approx(expected).margin(1e-6));
          const auto count = static_cast<double>(std::max<int64_t>(shape[removed], 1));
          CHECK(m.data()[o * inner + i] == Approx(expected / count).margin(1e-6));
        }
      check_gradient([=](const Inputs& in) { return sum(in[0], axis); }, {x});
      check_gradient([=](const Inputs& in) { return mean(in[0], axis); }, {x});
    }
  CHECK_THROWS_WITH(sum(Tensor({2, 3}), 2), "sum: axis 2 of shape (2, 3)");
  CHECK_THROWS_AS(mean(Tensor({2, 3}), -3), Error);
}

TEST_CASE("sum_all adds every value", "[ops]") {
  for (const Shape& shape : kShapes) {
    const Tensor x = random_tensor(shape, 1);
    double expected = 0;
    for (int64_t i = 0; i < x.size(); ++i) expected += double{x.data()[i]};
    CHECK(sum_all(x).item() == Approx(expected).margin(1e-6));
    check_gradient([](const Inputs& in) { return sum_all(in[0]); }, {x});
  }
  CHECK(sum_all(Tensor(Shape{}, 3.0f)).item() == 3);
}

TEST_CASE("softmax normalises the last axis", "[ops]") {
  for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}, Shape{1}, Shape{2, 2}, Shape{2, 3, 17}}) {
    const Tensor x = random_tensor(shape, 1, -3, 3);
    const Tensor y = softmax(x);
    const int64_t C = x.dim(-1);
    for (int64_t i = 0; i < x.size(); ++i) {
      double total = 0;
      for (int64_t c = 0; c < C; ++c) total += std::exp(double{x.data()[i / C * C + c]});
      CHECK(y.data()[i] == Approx(std::exp(double{x.data()[i]}) / total).epsilon(1e-5));
    }
    check_gradient([](const Inputs& in) { return softmax(in[0]); }, {x});
  }
  CHECK_THROWS_WITH(softmax(Tensor(Shape{}, 1.0f)), "softmax: a scalar has no axis");
}

TEST_CASE("softmax of scores far from zero neither overflows nor vanishes", "[ops]") {
  const Tensor y = softmax(Tensor::from({2, 2}, {1e4f, 1e4f, -1e4f, -1e4f + 1}));
  CHECK(y.data()[0] == 0.5f);
  CHECK(y.data()[3] == Approx(1 / (1 + std::exp(-1.0))));
}

TEST_CASE("pool_mean averages the real positions", "[ops]") {
  const Tensor x = random_tensor({3, 5, 7}, 1);
  const Lengths lengths = {5, 1, 2};
  const Tensor y = pool_mean(x, lengths);
  REQUIRE(y.shape() == Shape{3, 7});
  for (int64_t b = 0; b < 3; ++b)
    for (int64_t d = 0; d < 7; ++d) {
      double total = 0;
      for (int64_t t = 0; t < lengths[b]; ++t) total += double{x.data()[(b * 5 + t) * 7 + d]};
      CHECK(y.data()[b * 7 + d] == Approx(total / static_cast<double>(lengths[b])).margin(1e-6));
    }
  check_gradient([&](const Inputs& in) { return pool_mean(in[0], lengths); }, {x});
}

TEST_CASE("pool_last takes the last real position", "[ops]") {
  const Tensor x = random_tensor({3, 5, 7}, 1);
  const Lengths lengths = {5, 1, 2};
  const Tensor y = pool_last(x, lengths);
  REQUIRE(y.shape() == Shape{3, 7});
  for (int64_t b = 0; b < 3; ++b)
    for (int64_t d = 0; d < 7; ++d)
      CHECK(y.data()[b * 7 + d] == x.data()[(b * 5 + lengths[b] - 1) * 7 + d]);
  check_gradient([&](const Inputs& in) { return pool_last(in[0], lengths); }, {x});
}

TEST_CASE("pool_max takes the largest of the real positions, of equal ones the first", "[ops]") {
  const Tensor x = random_tensor({3, 5, 7}, 1);
  const Lengths lengths = {5, 1, 2};
  const Tensor y = pool_max(x, lengths);
  REQUIRE(y.shape() == Shape{3, 7});
  for (int64_t b = 0; b < 3; ++b)
    for (int64_t d = 0; d < 7; ++d) {
      float largest = x.data()[b * 35 + d];
      for (int64_t t = 1; t < lengths[b]; ++t)
        largest = std::max(largest, x.data()[(b * 5 + t) * 7 + d]);
      CHECK(y.data()[b * 7 + d] == largest);
    }
  check_gradient([&](const Inputs& in) { return pool_max(in[0], lengths); }, {x}, 5e-3, 1e-4f);
  Tensor same({1, 3, 1}, 2.0f);
  same.set_needs_grad(true);
  Tape tape;
  tape.backward(sum_all(pool_max(same, {3})));
  CHECK(std::vector<float>(same.grad(), same.grad() + 3) == std::vector<float>{1, 0, 0});
}

TEST_CASE("pooling takes empty batches, single values and empty rows, and wants real positions",
          "[ops]") {
  for (const Shape& shape : {Shape{0, 3, 2}, Shape{1, 1, 1}, Shape{2, 1, 3}, Shape{2, 2, 0}}) {
    const Tensor x = random_tensor(shape, 1);
    const Lengths lengths(static_cast<std::size_t>(shape[0]), shape[1]);
    check_gradient([&](const Inputs& in) { return pool_mean(in[0], lengths); }, {x});
    check_gradient([&](const Inputs& in) { return pool_last(in[0], lengths); }, {x});
    pool_max(x, lengths);
  }
  const Tensor x({2, 3, 4});
  CHECK_THROWS_WITH(pool_mean(x, {3, 0}), "pool_mean: length 0 of shape (2, 3, 4)");
  CHECK_THROWS_WITH(pool_last(x, {3, 4}), "pool_last: length 4 of shape (2, 3, 4)");
  CHECK_THROWS_WITH(pool_max(x, {3, 4}), "pool_max: length 4 of shape (2, 3, 4)");
  CHECK_THROWS_WITH(pool_last(x, {3}),
                    "pool_last: 1 lengths for shape (2, 3, 4), expected [batch, length, width]");
}

TEST_CASE("cross_entropy is the weighted sum of -log softmax over scored rows", "[ops]") {
  const Tensor logits = random_tensor({5, 7}, 1, -3, 3);
  const std::vector<int32_t> targets = {3, kIgnore, 0, 6, kIgnore};
  double expected = 0;
  for (int64_t n : {0, 2, 3}) {
    double total = 0;
    for (int64_t c = 0; c < 7; ++c) total += std::exp(double{logits.data()[n * 7 + c]});
    expected += std::log(total) - double{logits.data()[n * 7 + targets[n]]};
  }
  CHECK(cross_entropy(logits, targets).item() == Approx(expected));
  CHECK(cross_entropy(logits, targets, 0.25f).item() == Approx(0.25 * expected));
  check_gradient([&](const Inputs& in) { return cross_entropy(in[0], targets, 0.25f); }, {logits});
  check_gradient(  // onto a gradient that is already there
      [&](const Inputs& in) {
        return add(cross_entropy(in[0], targets), cross_entropy(scale(in[0], 2), targets));
      },
      {logits});
}

TEST_CASE("cross_entropy takes no rows, one class and rows that are all ignored", "[ops]") {
  CHECK(cross_entropy(Tensor({0, 3}), {}).item() == 0);
  CHECK(cross_entropy(Tensor({2, 1}, 5.0f), {0, 0}).item() == 0);
  CHECK(cross_entropy(Tensor({1, 2}), {1}).item() == Approx(std::log(2.0)));
  check_gradient(
      [](const Inputs& in) {
        return cross_entropy(in[0], {kIgnore, kIgnore});
      },
      {random_tensor({2, 3}, 1)});
  CHECK_THROWS_WITH(cross_entropy(Tensor({2, 3}), {0, 3}),
                    "cross_entropy: target 3 outside [0, 3)");
  CHECK_THROWS_WITH(cross_entropy(Tensor({2, 3}), {0}),
                    "cross_entropy: 1 targets for logits (2, 3)");
}

TEST_CASE("cross_entropy of a confident model neither overflows nor loses its gradient", "[ops]") {
  Tensor logits = Tensor::from({1, 2}, {1e4f, -1e4f});
  logits.set_needs_grad(true);
  Tape tape;
  const Tensor loss = cross_entropy(logits, {1});
  CHECK(loss.item() == 2e4f);
  tape.backward(loss);
  CHECK(logits.grad()[0] == 1);
  CHECK(logits.grad()[1] == -1);
}

TEST_CASE("max takes the largest along an axis, and the first of equal ones has the gradient",
          "[ops]") {
  const Tensor x = Tensor::from({2, 3, 2}, {1, 9, 4, 2, 3, 7, -5, -1, -6, -1, -4, -3});
  CHECK(max_difference(max(x, 1), Tensor::from({2, 2}, {4, 9, -4, -1})) == 0);
  CHECK(max_difference(max(x, -1), Tensor::from({2, 3}, {9, 4, 7, -1, -1, -3})) == 0);
  for (int axis : {0, 1, 2})
    check_gradient([=](const Inputs& in) { return max(in[0], axis); },
                   {random_tensor({3, 4, 5}, 1, -50, 50)});
  Tensor equal({1, 3}, 2.0f);
  equal.set_needs_grad(true);
  {
    Tape tape;
    tape.backward(sum_all(max(equal, 1)));
  }
  CHECK(equal.grad()[0] == 1);
  CHECK(equal.grad()[1] == 0);
  CHECK_THROWS_WITH(max(Tensor({2, 0}), 1), "max: axis 1 of shape (2, 0) has no values");
}

TEST_CASE("cumsum adds up along an axis", "[ops]") {
  const Tensor x = Tensor::from({2, 3}, {1, 2, 4, 8, 16, 32});
  CHECK(max_difference(cumsum(x, 1), Tensor::from({2, 3}, {1, 3, 7, 8, 24, 56})) == 0);
  CHECK(max_difference(cumsum(x, -2), Tensor::from({2, 3}, {1, 2, 4, 9, 18, 36})) == 0);
  for (const Shape& shape : kShapes)
    for (int axis : {0, 1, -1})
      check_gradient([=](const Inputs& in) { return cumsum(in[0], axis); },
                     {random_tensor(shape, 1)});
  CHECK_THROWS_WITH(cumsum(x, 2), "cumsum: axis 2 of shape (2, 3)");
}
