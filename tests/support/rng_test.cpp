
#include <array>
#include <cmath>
#include <string>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/philox.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("rng: Philox4x32-10 gives the answers that its authors publish", "[rng]") {
  // kat_vectors of the tests of Random123 1.14, lines "philox4x32 10".
  using Words = std::array<uint32_t, 4>;
  const uint32_t ones = 0xffffffff;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({ones, ones, ones, ones}, {ones, ones}) ==
        Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("rng: a stream is the blocks of its key, counted from its index", "[rng]") {
  const std::string purpose = "a stream";
  const uint64_t seed = 7, index = 0x100000002;
  const uint64_t key = hash_bytes(purpose.data(), purpose.size(), seed);
  Rng rng(seed, purpose, index);
  for (uint32_t block = 0; block < 3; ++block) {
    const auto expected = philox4x32(
        {block, 0, 2, 1}, {static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32)});
    for (uint32_t word : expected) CHECK(rng.bits() == word);
  }
}

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
