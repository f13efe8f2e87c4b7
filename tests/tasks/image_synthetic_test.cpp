#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harness/data/baselines.h"
#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

OptionMap bare() {  // a shape and next to nothing else
  return {{"clutter", int64_t{0}}, {"noise", 0.001}};
}

// How much of the light's change between neighbouring pixels there is: outlines are long or short.
double roughness(const Example& picture, int size) {
  double sum = 0;
  for (int row = 0; row < size; ++row)
    for (int column = 1; column < size; ++column)
      sum +=
          std::abs(picture.tokens[row * size + column] - picture.tokens[row * size + column - 1]);
  return sum / (size * size);
}

}  // namespace

TEST_CASE("image_synthetic: every picture has each grey level equally often",
          "[tasks][synthetic]") {
  for (const int64_t size : {16, 32, 64}) {
    const auto task = make_task("image_synthetic", {{"size", size}});
    for (int i = 0; i < 20; ++i) {
      const Example picture = example(*task, Split::train, 1, i);
      REQUIRE(picture.tokens.size() == size * size);
      std::array<int, 257> seen{};
      for (int32_t token : picture.tokens) ++seen.at(token);
      REQUIRE(seen[0] == 0);
      for (int token = 1; token <= 256; ++token) REQUIRE(seen[token] == size * size / 256);
    }
  }
}

TEST_CASE("image_synthetic: a bag of pixels knows nothing", "[tasks][synthetic]") {
  for (const bool values : {false, true}) {
    const Baselines baselines =
        measure_baselines(*make_task("image_synthetic", {{"values", values}}), 400, 300);
    CHECK(baselines.chance == Approx(0.1));
    CHECK(baselines.majority == Approx(0.1).margin(4 * 0.3 / std::sqrt(400.0)));
    CHECK(baselines.shallow == Approx(0.1).margin(4 * 0.3 / std::sqrt(400.0)));
  }
}

TEST_CASE("image_synthetic: classes are balanced, and look different", "[tasks][synthetic]") {
  const auto task = make_task("image_synthetic", bare());
  const int n = 2000;
  std::array<int, 10> seen{};
  std::array<double, 10> rough{};
  for (int i = 0; i < n; ++i) {
    const Example picture = example(*task, Split::train, 2, i);
    ++seen.at(picture.targets[0]);
    rough[picture.targets[0]] += roughness(picture, 32);
  }
  for (int shape = 0; shape < 10; ++shape) {
    INFO("shape " << shape);
    CHECK(std::abs(seen[shape] - n / 10) < 4 * std::sqrt(n * 0.1 * 0.9));
    rough[shape] /= seen[shape];
  }
  CHECK(rough[1] > 1.15 * rough[0]);  // a ring has two outlines, a disc one
  CHECK(rough[3] > 1.15 * rough[2]);  // a frame and a square likewise
  CHECK(rough[6] > 1.15 * rough[2]);  // bars
}

TEST_CASE("image_synthetic: values are the tokens as real numbers of mean 0 and deviation 1",
          "[tasks][synthetic]") {
  const auto tokens = make_task("image_synthetic");
  const auto values = make_task("image_synthetic", {{"values", true}});
  CHECK(values->vocab() == 0);
  CHECK(values->channels() == 1);
  Rng one(3, "image_synthetic values"), two(3, "image_synthetic values");
  const Example a = tokens->draw(one), b = values->draw(two);
  REQUIRE(b.tokens.empty());
  REQUIRE(a.tokens.size() == b.values.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < b.values.size(); ++i) {
    REQUIRE(b.values[i] == Approx((a.tokens[i] - 128.5) / 73.9));
    sum += b.values[i];
    squares += b.values[i] * b.values[i];
  }
  CHECK(sum / 1024 == Approx(0).margin(1e-4));
  CHECK(squares / 1024 == Approx(1).margin(1e-3));
  CHECK(tokens->show(a) == values->show(b));
}

TEST_CASE("image_synthetic: lengths are squares of sides", "[tasks][synthetic]") {
  const auto task = make_task("image_synthetic");
  CHECK(task->at_length(4096) == OptionMap{{"size", int64_t{64}}});
  CHECK_THROWS_AS(task->at_length(1000), Error);
  CHECK_THROWS_AS(task->at_length(49), Error);
}
