#include "harness/run/time_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/results/machine.h"
#include "harness/run/attempt.h"

namespace longhaul {
namespace {

constexpr double kSecondsBetweenLooks = 1;  // seconds; a shared disk has other users

}  // namespace

TimeLimits::Order TimeLimits::look() {
  if (since_stop_) return since_stop_->seconds() > kGraceSeconds ? Order::kill : Order::none;
  exceeded_ = exceeded_limit();
  if (exceeded_.empty()) return Order::none;
  step_ = read_progress(dir_).step;
  since_stop_.emplace();
  return Order::stop;
}

// The limit that it is beyond now; empty if none.
std::string TimeLimits::exceeded_limit() {
  if (limits_.seconds > 0 && watch_.seconds() > limits_.seconds)
    return fmt::format("reached limits.seconds of {:g} s", limits_.seconds);
  if (limits_.stall == 0 ||
      since_look_.seconds() < std::min(limits_.stall / 4, kSecondsBetweenLooks))
    return "";
  since_look_.restart();
  if (const int64_t step = read_progress(dir_).step; step != step_) {
    step_ = step;
    since_step_.restart();
  }
  if (since_step_.seconds() <= limits_.stall) return "";
  return fmt::format("made no step for limits.stall of {:g} s", limits_.stall);
}

Attempt TimeLimits::timed_out(int threads) const {
  Attempt attempt = lost_attempt(Status::timed_out, fmt::format("{} at step {}", exceeded_, step_));
  attempt.record.steps = step_;
  sign(attempt.record, threads);
  return attempt;
}

}  // namespace longhaul
