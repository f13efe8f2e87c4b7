#include "math/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "support/choices.h"

namespace longhaul {
namespace {

double half_cosine(double past, double rest, double) {
  return past >= rest ? 0 : 0.5 * (1 + elementary::cos(std::numbers::pi * past / rest));
}

double line(double past, double rest, double) { return past >= rest ? 0 : 1 - past / rest; }

double level(double, double, double) { return 1; }

double level_then_line(double past, double rest, double cooldown) {
  return past >= rest ? 0 : std::min(1.0, (rest - past) / std::min(cooldown, rest));
}

}  // namespace

const std::vector<ScheduleInfo>& schedules() {
  static const std::vector<ScheduleInfo> all = {
      {"cosine", "(1 + cos(pi x)) / 2", "Loshchilov and Hutter 2017, arXiv:1608.03983",
       half_cosine},
      {"linear", "1 - x", "", line},
      {"constant", "1", "", level},
      {"warmup_stable_decay", "1, then over the cooldown in a line to 0",
       "Hu et al. 2024, arXiv:2404.06395; in a line: Haegele et al. 2024, arXiv:2405.18392",
       level_then_line},
  };
  return all;
}

double rate_share(const ScheduleSpec& schedule, double spent) {
  const ScheduleInfo& info = row_named("schedule", schedule.name, schedules());
  if (spent < schedule.warmup) return spent / schedule.warmup;
  const double share = info.fall(spent - schedule.warmup, 1 - schedule.warmup, schedule.cooldown);
  return schedule.floor + (1 - schedule.floor) * share;
}

}  // namespace longhaul
