#include "math/parallel.h"

#include <atomic>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/helpers/catch.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

// Whether a number too small to be stored in full is one, as this thread computes.
bool keeps_denormals() {
  volatile float small = std::numeric_limits<float>::min();
  return small * 0.5f != 0;
}

}  // namespace

TEST_CASE("parallel_for: every index is in one chunk, whose borders no thread moves",
          "[parallel]") {
  for (const int count : {1, 4}) {
    const Threads scope(count);
    std::vector<int> begins(10, -1);
    parallel_for(10, 4, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) begins[i] = static_cast<int>(begin);
    });
    CHECK(begins == std::vector<int>{0, 0, 0, 0, 4, 4, 4, 4, 8, 8});
  }
  parallel_for(0, 4, [](int64_t, int64_t) { FAIL("nothing is to be done"); });
}

TEST_CASE("parallel_for: passes on the exception of the first chunk that threw, after all ran",
          "[parallel]") {
  for (const int count : {1, 4}) {
    const Threads scope(count);
    std::atomic<int> ran = 0;
    const auto body = [&](int64_t begin, int64_t) {
      ++ran;
      if (begin == 7 || begin == 3) throw std::runtime_error("chunk " + std::to_string(begin));
    };
    CHECK_THROWS_WITH(parallel_for(10, 1, body), "chunk 3");
    CHECK(ran == 10);
    ran = 0;
    const LaneScope lane;
    CHECK_THROWS_WITH(parallel_for(10, 1, body), "chunk 3");
    CHECK(ran == 10);
  }
}

TEST_CASE("parallel_for: an exception leaves no lane open, and the next loop works", "[parallel]") {
  const Threads scope(4);
  CHECK_THROWS_AS(parallel_for(8, 1, [](int64_t, int64_t) { throw 1; }), int);
  CHECK_FALSE(LaneScope::inside());
  std::atomic<int64_t> sum = 0;
  parallel_for(8, 1, [&](int64_t begin, int64_t) {
    CHECK(LaneScope::inside());
    sum += begin;
  });
  CHECK(sum == 28);
}

TEST_CASE("denormals: they count as zero while a scope lives, and not in code outside",
          "[parallel]") {
  REQUIRE(keeps_denormals());
  {
    const FlushDenormals outer;
    CHECK_FALSE(keeps_denormals());
    { const FlushDenormals inner; }
    CHECK_FALSE(keeps_denormals());
  }
  CHECK(keeps_denormals());
}

TEST_CASE("denormals: a parallel loop flushes them on all of its threads and changes none of them",
          "[parallel]") {
  const Threads scope(4);
  std::atomic<int> kept = 0;
  const auto body = [&](int64_t, int64_t) { kept += keeps_denormals(); };
  parallel_for(64, 1, body);
  CHECK(kept == 0);
  CHECK(keeps_denormals());
  CHECK_THROWS_AS(parallel_for(8, 1, [](int64_t, int64_t) { throw 1; }), int);
  CHECK(keeps_denormals());
}

TEST_CASE("for_lanes: lanes share threads where they are few and long, and run side by side else",
          "[parallel]") {
  const auto seen = [](int64_t lanes, int64_t rows) {
    std::vector<int> shares(static_cast<std::size_t>(lanes), -1);
    for_lanes(lanes, rows, [&](int64_t lane) {
      CHECK(LaneScope::inside());
      CHECK_FALSE(keeps_denormals());
      shares[lane] = has_threads();
    });
    CHECK_FALSE(LaneScope::inside());
    return shares;
  };
  const Threads scope(3);
  CHECK(seen(2, 4096) == std::vector<int>{1, 1});
  CHECK(seen(2, 100) == std::vector<int>{0, 0});
  CHECK(seen(3, 4096) == std::vector<int>{0, 0, 0});
  const Threads one(1);
  CHECK(seen(1, 4096) == std::vector<int>{0});
}
