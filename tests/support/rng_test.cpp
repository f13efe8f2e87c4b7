
#include <cmath>

#include "longhaul/rng.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("rng: a stream depends on seed, purpose and index alone", "[rng]") {
  CHECK(Rng(1, "a", 2).bits() == Rng(1, "a", 2).bits());
  CHECK(Rng(1, "a", 2).bits() != Rng(2, "a", 2).bits());
  CHECK(Rng(1, "a", 2).bits() != Rng(1, "b", 2).bits());
  CHECK(Rng(1, "a", 2).bits() != Rng(1, "a", 3).bits());
}

TEST_CASE("rng: below is uniform and stays in range", "[rng]") {
  Rng rng(7, "below");
  std::vector<int> seen(7);
  for (int i = 0; i < 70000; ++i) {
    const int64_t value = rng.below(7);
    REQUIRE(value >= 0);
    REQUIRE(value < 7);
    ++seen[value];
  }
  for (int count : seen) CHECK(std::abs(count - 10000) < 400);  // 4 deviations
}

TEST_CASE("rng: normal has mean 0 and deviation 1", "[rng]") {
  Rng rng(7, "normal");
  double sum = 0, squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double value = rng.normal();
    sum += value;
    squares += value * value;
  }
  CHECK(std::abs(sum / n) < 0.015);
  CHECK(std::abs(squares / n - 1) < 0.02);
}
