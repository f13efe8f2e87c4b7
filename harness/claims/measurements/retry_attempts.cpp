// What the harness's own retry (harness/run/retry.h) does, against what kexue.fm/archives/9938
// asks of one: it stops at the first success or at the last try, sleeps between attempts and
// nowhere else, lets what it does not expect pass, and two of them share nothing. Sleeping is
// faked.

#include <algorithm>

#include "harness/claims/measurement.h"
#include "harness/run/retry.h"

namespace longhaul {
namespace {

struct Counted {
  int64_t attempts = 0, sleeps = 0;
  bool ok = false;
};

// Retries something that fails `failures` times first.
Counted script(int64_t failures, int64_t tries, uint64_t seed) {
  Counted counted;
  RetryPolicy policy;
  policy.max_tries = tries;
  const auto tried = retry(
      policy, Rng(seed, "retry script"), [&](int64_t number) { return number > failures; },
      [](bool ok) { return !ok; }, [&](auto) { ++counted.sleeps; });
  counted.attempts = tried.attempts;
  counted.ok = tried.outcome;
  return counted;
}

int64_t violations(uint64_t seed) {
  int64_t count = 0;
  for (int64_t tries = 1; tries <= 6; ++tries)
    for (int64_t failures = 0; failures <= 8; ++failures) {
      const Counted found = script(failures, tries, seed);
      count += found.attempts != std::min(failures + 1, tries);
      count += found.sleeps != found.attempts - 1;
      count += found.ok != (failures < tries);
    }
  return count;
}

double success_rate(uint64_t seed) {
  constexpr int kTrials = 100000;
  RetryPolicy policy;
  policy.max_tries = 5;
  int64_t successes = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Rng luck(seed, "retry luck", static_cast<uint64_t>(trial));
    successes += retry(
                     policy, Rng(seed, "retry jitter"), [&](int64_t) { return luck.chance(0.5); },
                     [](bool ok) { return !ok; }, [](auto) {})
                     .outcome;
  }
  return static_cast<double>(successes) / kTrials;
}

struct Foreign {};

// Attempts until something that nobody asked to retry comes through; 0 if it does not.
double attempts_before_foreign(uint64_t seed) {
  int64_t attempts = 0;
  try {
    retry(
        RetryPolicy(), Rng(seed, "retry foreign"),
        [&](int64_t number) {
          attempts = number;
          if (number == 2) throw Foreign();
          return false;
        },
        [](bool ok) { return !ok; }, [](auto) {});
  } catch (const Foreign&) {
    return static_cast<double>(attempts);
  }
  return 0;
}

// One retry inside the attempts of another: both must keep their own count.
bool is_isolated(uint64_t seed) {
  bool kept = true;
  RetryPolicy policy;
  policy.max_tries = 4;
  const auto outer = retry(
      policy, Rng(seed, "retry outer"),
      [&](int64_t number) {
        kept = kept && script(9, 3, seed).attempts == 3;
        return number;
      },
      [](int64_t) { return true; }, [](auto) {});
  return kept && outer.attempts == 4;
}

std::map<std::string, double> run(uint64_t seed) {
  return {{"violations", static_cast<double>(violations(seed))},
          {"success_rate", success_rate(seed)},
          {"attempts_before_foreign", attempts_before_foreign(seed)},
          {"isolated", is_isolated(seed)}};
}

ClaimMeasurement make(Options&) {
  return {{{"violations", "wrong attempts, sleeps or outcomes in 54 scripted retries"},
           {"success_rate", "of 5 tries that fail with probability 1/2 each, 10^5 of them"},
           {"attempts_before_foreign", "until an exception of attempt 2 comes through"},
           {"isolated", "1 if a retry within another leaves its count alone"}},
          run};
}

}  // namespace

MeasurementInfo retry_attempts() {
  return {"retry_attempts", "attempts, sleeps and outcomes of a retry on scripted failures", make};
}

}  // namespace longhaul
