#include "harness/plan/schedule.h"

#include "longhaul/error.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

TEST_CASE("schedule: a free slot takes the next trial in the order given", "[plan]") {
  const std::vector<ScheduledTrial> trials = {{3}, {2}, {2}, {4}};
  CHECK(makespan(trials, 1) == 11);
  CHECK(makespan(trials, 2) == 7);  // 3 and 4; 2 and 2
  CHECK(makespan(trials, 4) == 4);
  CHECK(makespan(trials, 100) == 4);
  CHECK(makespan({}, 3) == 0);
}

TEST_CASE("schedule: the longest first ends earlier than a long one left for last", "[plan]") {
  const std::vector<ScheduledTrial> trials = {{1}, {1}, {1}, {1}, {4}};
  CHECK(makespan(trials, 2) == 6);
  CHECK(makespan(longest_first(trials), 2) == 4);
}

TEST_CASE("schedule: a trial waits for its pretraining, and others go before it", "[plan]") {
  const std::vector<ScheduledTrial> trials = {{5}, {1, 0}, {2}, {2}};
  CHECK(makespan(trials, 1) == 10);
  CHECK(makespan(trials, 2) == 6);  // 5, 1; 2, 2, and idle until the pretraining is done
  CHECK(makespan(trials, 9) == 6);
}

TEST_CASE("schedule: a short pretraining with long trials behind it comes early", "[plan]") {
  const std::vector<ScheduledTrial> trials = {{3}, {3}, {1}, {6, 2}};
  CHECK(makespan(trials, 2) == 10);
  CHECK(makespan(longest_first(trials), 2) == 7);
}

TEST_CASE("schedule: trials that wait for each other are an error", "[plan]") {
  CHECK_THROWS_AS(makespan({{1, 1}, {1, 0}}, 2), Error);
}
