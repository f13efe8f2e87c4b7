#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "harness/suite/limits.h"
#include "support/clock.h"

namespace longhaul {

struct Attempt;

// Watches an attempt for limits.seconds and limits.stall, from its start on.
class TimeLimits {
 public:
  TimeLimits(std::filesystem::path dir, const Limits& limits)
      : dir_(std::move(dir)), limits_(limits) {}

  enum class Order { none, stop, kill };
  // What to do with it now: once it is beyond a limit it is told to stop, that is to store what it
  // reached, and killed if that takes longer than kGraceSeconds.
  Order look();

  bool are_exceeded() const { return !exceeded_.empty(); }
  Attempt timed_out(int threads) const;  // how it ended, if it did not end by itself meanwhile

 private:
  std::string exceeded_limit();

  const std::filesystem::path dir_;
  const Limits limits_;
  const Stopwatch watch_;
  Stopwatch since_look_, since_step_;
  int64_t step_ = 0;      // that it was at when it was looked at last
  std::string exceeded_;  // which limit, empty before
  std::optional<Stopwatch> since_stop_;
};

}  // namespace longhaul
