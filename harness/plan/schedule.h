#pragma once

#include <cstdint>
#include <vector>

namespace longhaul {

struct ScheduledTrial {
  double seconds = 0;
  int64_t after = -1;  // index of the trial that must end first; -1: none
};

// List scheduling on `slots` equal slots: a slot that is free takes the first trial, in the order
// given, that need not wait. Seconds until all are done. Throws Error where trials wait for each
// other in a circle.
double makespan(const std::vector<ScheduledTrial>& trials, int64_t slots);

// The trials in the order that starts the longest first, where a trial counts with the longest that
// waits for it.
std::vector<ScheduledTrial> longest_first(const std::vector<ScheduledTrial>& trials);

}  // namespace longhaul
