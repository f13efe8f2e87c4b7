#include "harness/run/memory_forecast.h"

#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

TrialSpec trial_of(const std::string& model, uint64_t seed) {
  TrialSpec spec;
  spec.model_name = model;
  spec.task_name = "copy";
  spec.seed = seed;
  return spec;
}

TrialRecord holding(int64_t bytes, Status status = Status::ok) {
  TrialRecord record;
  record.status = status;
  record.peak_resident_bytes = bytes;
  return record;
}

}  // namespace

TEST_CASE("a trial will hold what others of its model and task have held at most", "[runner]") {
  MemoryForecast forecast([](const TrialSpec&) { return 7.0; });
  forecast.learn(trial_of("lru", 0), holding(100));
  forecast.learn(trial_of("lru", 1), holding(300));
  forecast.learn(trial_of("lru", 2), holding(200));
  CHECK(forecast.of(trial_of("lru", 3)) == 300);
  CHECK(forecast.of(trial_of("rnn", 3)) == 7);
}

TEST_CASE("what failed tells nothing of memory, and a plan is asked once a model and task",
          "[runner]") {
  int asked = 0;
  MemoryForecast forecast([&](const TrialSpec&) {
    ++asked;
    return 7.0;
  });
  forecast.learn(trial_of("lru", 0), holding(100, Status::failed));
  CHECK(forecast.of(trial_of("lru", 1)) == 7);
  CHECK(forecast.of(trial_of("lru", 2)) == 7);
  CHECK(asked == 1);
  CHECK(MemoryForecast({}).of(trial_of("lru", 1)) == 0);
}
