
#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "harness/run/retry.h"
#include "tests/helpers/allocations.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// Fails `failures` times, then succeeds.
struct Script {
  int64_t failures;
  int64_t calls = 0;

  bool operator()(int64_t) { return ++calls > failures; }
};

const auto failed = [](bool ok) { return !ok; };
const auto no_sleep = [](auto) {};

}  // namespace

TEST_CASE("retry: tries until it succeeds or the tries are spent, and sleeps only in between",
          "[retry]") {
  const int64_t N = 5;
  for (int64_t k = 0; k <= 7; ++k) {
    INFO("failures before success " << k);
    Script script{k};
    int64_t sleeps = 0;
    const auto result = retry({N}, Rng(1, "retry"), script, failed, [&](auto) { ++sleeps; });
    CHECK(result.attempts == std::min(k + 1, N));
    CHECK(script.calls == result.attempts);
    CHECK(sleeps == result.attempts - 1);
    CHECK(result.outcome == (k < N));
  }
}

TEST_CASE("retry: an attempt is told its number", "[retry]") {
  std::vector<int64_t> numbers;
  const auto attempt = [&](int64_t number) {
    numbers.push_back(number);
    return false;
  };
  retry({3}, Rng(1, "retry"), attempt, failed, no_sleep);
  CHECK(numbers == std::vector<int64_t>{1, 2, 3});
}

TEST_CASE("retry: five tries at even odds succeed in 31 of 32 cases", "[retry]") {
  Rng coin(3, "coin");
  const int cases = 100000;
  int succeeded = 0;
  for (int i = 0; i < cases; ++i) {
    const auto attempt = [&](int64_t) { return coin.chance(0.5); };
    succeeded += retry({5}, Rng(1, "retry"), attempt, failed, no_sleep).outcome;
  }
  CHECK(std::abs(succeeded / double(cases) - 31.0 / 32) < 0.003);
}

TEST_CASE("retry: a failure that is not worth another try is the last", "[retry]") {
  Script script{3};
  const auto result = retry(
      {5}, Rng(1, "retry"), script, [](bool) { return false; }, [](auto) { FAIL("slept"); });
  CHECK(result.attempts == 1);
  CHECK_FALSE(result.outcome);
}

TEST_CASE("retry: what an attempt throws passes through at once", "[retry]") {
  int calls = 0;
  const auto attempt = [&](int64_t) -> bool {
    ++calls;
    throw std::logic_error("not ours to judge");
  };
  CHECK_THROWS_AS(retry({5}, Rng(1, "retry"), attempt, failed, no_sleep), std::logic_error);
  CHECK(calls == 1);
}

TEST_CASE("retry: delays grow by the backoff and differ by no more than the jitter", "[retry]") {
  const RetryPolicy policy{6, std::chrono::duration<double>(2), 3, 0.1};
  const auto delays_of = [&](uint64_t seed) {
    std::vector<double> delays;
    Script script{10};
    retry(policy, Rng(seed, "retry"), script, failed,
          [&](auto pause) { delays.push_back(pause.count()); });
    return delays;
  };
  const std::vector<double> delays = delays_of(1);
  REQUIRE(delays.size() == 5);
  double expected = 2;
  for (double delay : delays) {
    CHECK(delay >= expected * 0.9);
    CHECK(delay <= expected * 1.1);
    CHECK(delay != expected);
    expected *= 3;
  }
  CHECK(delays == delays_of(1));
  CHECK(delays != delays_of(2));
}

TEST_CASE("retry: one retry inside another leaves it alone", "[retry]") {
  const RetryPolicy policy{3};
  int64_t inner_attempts = 0;
  const auto outer = [&](int64_t) {
    Script script{10};
    inner_attempts += retry(policy, Rng(1, "retry"), script, failed, no_sleep).attempts;
    return false;
  };
  CHECK(retry(policy, Rng(1, "retry"), outer, failed, no_sleep).attempts == 3);
  CHECK(inner_attempts == 9);
}

TEST_CASE("retry: allocates nothing", "[retry]") {
  Script script{2};
  const AllocationCount count;
  retry({3}, Rng(1, "retry"), script, failed, no_sleep);
  CHECK(count.so_far() == 0);
  std::vector<int> counted(1);
  CHECK(count.so_far() == 1);  // the counter counts
}
