
#include <cmath>

#include "longhaul/error.h"
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

TEST_CASE("rng: a range without a number in it is refused, in release builds too", "[rng]") {
  Rng rng(7, "below");
  CHECK_THROWS_WITH(rng.below(0), "Rng::below: n is 0, expected 1 .. 2^32");
  CHECK_THROWS_AS(rng.below(-3), Error);
  CHECK_THROWS_AS(rng.below((int64_t{1} << 32) + 1), Error);
  CHECK_THROWS_WITH(rng.between(5, 4), "Rng::between: low is 5, high is 4");
  CHECK(rng.below(1) == 0);
  CHECK(rng.between(-4, -4) == -4);
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
