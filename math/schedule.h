#pragma once

#include <string>
#include <vector>

namespace longhaul {

// How the learning rate goes over a training. Shares are of the budget.
struct ScheduleSpec {
  std::string name = "cosine";
  double warmup = 0.1;    // with a rate that rises in a line from 0
  double cooldown = 0.2;  // warmup_stable_decay: with a falling one
  double floor = 0;       // where it ends, as a share of the highest rate
};

struct ScheduleInfo {
  std::string name;
  std::string formula;  // x: the share that is spent of what follows the warm-up
  std::string source;   // author, year, where; "" if it needs none
  // From 1 down. Shares of the budget: `past` is spent of the `rest` behind the warm-up.
  double (*fall)(double past, double rest, double cooldown);
};

// The one table of schedules: a row, and a function if it needs one, are all that one consists of.
const std::vector<ScheduleInfo>& schedules();

// The learning rate as a share of the highest, at `spent` of the budget, 0 .. 1. Throws Error if
// there is no schedule of that name.
double rate_share(const ScheduleSpec& schedule, double spent);

}  // namespace longhaul
