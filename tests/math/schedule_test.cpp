#include "math/schedule.h"

#include <cmath>

#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("schedule: cosine rises in a line, falls in half a cosine, ends at 0", "[schedule]") {
  const auto share = [](double spent, double warmup) {
    return rate_share({.name = "cosine", .warmup = warmup}, spent);
  };
  CHECK(share(0, 0.1) == 0);
  CHECK(share(0.05, 0.1) == Approx(0.5));
  CHECK(share(0.1, 0.1) == 1);
  CHECK(share(0.55, 0.1) == Approx(0.5));
  CHECK(share(0.325, 0.1) == Approx(0.5 * (1 + std::sqrt(0.5))));
  CHECK(share(1, 0.1) == 0);
  CHECK(share(1.5, 0.1) == 0);
  CHECK(share(0, 0) == 1);  // no warm-up
  CHECK(share(0.5, 1) == 0.5);
  CHECK(share(1, 1) == 0);  // warm-up to the end
}

TEST_CASE("schedule: linear, constant and warmup_stable_decay go as they say", "[schedule]") {
  const ScheduleSpec linear{.name = "linear"}, constant{.name = "constant"};
  CHECK(rate_share(linear, 0.55) == Approx(0.5));
  CHECK(rate_share(linear, 1) == 0);
  CHECK(rate_share(constant, 0.05) == Approx(0.5));
  CHECK(rate_share(constant, 1) == 1);
  const ScheduleSpec stable{.name = "warmup_stable_decay", .warmup = 0.1, .cooldown = 0.2};
  CHECK(rate_share(stable, 0.1) == 1);
  CHECK(rate_share(stable, 0.8) == Approx(1));
  CHECK(rate_share(stable, 0.9) == Approx(0.5));
  CHECK(rate_share(stable, 1) == 0);
  // No cooldown is a sudden end; one that is longer than what follows the warm-up is cut to that.
  CHECK(rate_share({.name = "warmup_stable_decay", .cooldown = 0}, 0.99) == 1);
  CHECK(rate_share({.name = "warmup_stable_decay", .warmup = 0.5, .cooldown = 1}, 0.5) == 1);
}

TEST_CASE("schedule: every row starts at the top behind the warm-up, falls and ends at the floor",
          "[schedule]") {
  for (const ScheduleInfo& info : schedules()) {
    INFO(info.name);
    const ScheduleSpec spec{.name = info.name, .floor = 0.25};
    CHECK(rate_share(spec, 0.1) == 1);
    double last = 1;
    for (double spent = 0.1; spent < 1; spent += 0.01) {
      const double now = rate_share(spec, spent);
      CHECK(now <= last);
      last = now;
    }
    CHECK(rate_share(spec, 1) == (info.name == "constant" ? 1 : 0.25));
  }
  CHECK_THROWS_WITH(rate_share({.name = "cosin"}, 0.5),
                    Catch::Matchers::StartsWith("no schedule 'cosin'; did you mean 'cosine'?"));
}
