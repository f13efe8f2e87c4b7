#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <utility>

#include "longhaul/rng.h"

namespace longhaul {

// How often to try, and how long to wait in between.
struct RetryPolicy {
  int64_t max_tries = 3;                   // at least 1
  std::chrono::duration<double> delay{2};  // before the second attempt
  double backoff = 2;                      // each further delay is this many times the one before
  double jitter = 0.1;  // share of a delay by which chance may lengthen or shorten it
};

// The wait after `failures` failed attempts.
inline std::chrono::duration<double> pause_after(int64_t failures, const RetryPolicy& policy,
                                                 Rng& rng) {
  const double grown = std::pow(policy.backoff, static_cast<double>(failures - 1));
  return policy.delay * (grown * (1 + policy.jitter * rng.uniform(-1, 1)));
}

// The attempts at one thing, counted. All state is local: two of these share nothing.
class Retries {
 public:
  Retries(const RetryPolicy& policy, Rng rng) : policy_(policy), rng_(rng) {}

  int64_t begin() { return ++attempts_; }  // the number of the attempt that begins: 1, 2, ...
  void start_over() { attempts_ = 0; }
  int64_t attempts() const { return attempts_; }
  bool are_spent() const { return attempts_ >= policy_.max_tries; }
  std::chrono::duration<double> pause() { return pause_after(attempts_, policy_, rng_); }

 private:
  RetryPolicy policy_;
  Rng rng_;
  int64_t attempts_ = 0;
};

template <class Outcome>
struct Tried {
  Outcome outcome;  // of the last attempt
  int64_t attempts = 0;
};

// Calls attempt(number), number = 1, 2, ..., until again(outcome) says that its outcome is not
// worth another try, or max_tries are spent. Calls sleep(duration) between two attempts and nowhere
// else. What attempt throws passes through.
template <class Attempt, class Again, class Sleep>
auto retry(const RetryPolicy& policy, Rng rng, Attempt&& attempt, Again&& again, Sleep&& sleep)
    -> Tried<decltype(attempt(int64_t{1}))> {
  Retries retries(policy, rng);
  for (;;) {
    auto outcome = attempt(retries.begin());
    if (retries.are_spent() || !again(outcome)) return {std::move(outcome), retries.attempts()};
    sleep(retries.pause());
  }
}

}  // namespace longhaul
