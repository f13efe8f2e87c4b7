#include "harness/plan/suite_plan.h"

#include <ctime>
#include <set>

#include "harness/suite/grid.h"
#include "harness/suite/pretraining.h"
#include "harness/suite/tune.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;

namespace {

// Plans a suite of the fake registry whose calibrations are made up and lie in the cache, so that
// no process is started: a step takes 1 s, and nothing else takes any time.
struct Bench {
  explicit Bench(const std::string& yaml) {
    const TemporaryFile file("suite.yaml", yaml);
    suite = load_suite(file.path(), registry);
    options.cache = folder.path / "cache";
    options.worker = "/bin/false";
    options.jobs = 1;
  }

  void calibrate(const std::vector<TrialSpec>& specs) const {
    Calibration made_up;
    made_up.status = Status::ok;
    made_up.step_seconds = 1;
    made_up.peak_resident_bytes = 1000;
    const CalibrationCache cache(options.cache, options.threads, options.jobs);
    std::set<std::string> kept;  // each file waits for the disk, and trials share calibrations
    for (const TrialSpec& spec : specs)
      if (kept.insert(calibration_spec(spec).exact_id()).second)
        cache.keep(calibration_spec(spec), made_up);
  }

  SuitePlan plan() const {
    return plan_suite(suite, registry, folder.path / "out", options, [](int64_t, int64_t) {});
  }

  TemporaryFolder folder;
  Registry registry = fake_registry();
  Suite suite;
  PlanOptions options;
};

int64_t trials_of(const SuitePlan& plan, TrialKind kind) {
  int64_t trials = 0;
  for (const PlanRow& row : plan.rows)
    if (row.kind == kind) trials += row.trials;
  return trials;
}

}  // namespace

TEST_CASE("plan: a row for each model and task, and what all trials come to", "[plan]") {
  Bench bench(
      "suite: s\nseeds: [0, 1, 2]\nbudget: {steps: 10}\n"
      "models: [copy, {name: narrow, model: copy, d_model: 8}]\n"
      "tasks: [coin, {name: echo, budget: {steps: 4}}]\n");
  bench.calibrate(grid(bench.suite, bench.registry));
  const SuitePlan plan = bench.plan();
  REQUIRE(plan.rows.size() == 4);
  CHECK(plan.trials == 12);
  CHECK(plan.uncosted == 0);
  for (const PlanRow& row : plan.rows) {
    CHECK(row.trials == 3);
    CHECK(row.cost.seconds == (row.task == "coin" ? 10 : 4));
  }
  CHECK(plan.seconds == 3 * (2 * 10 + 2 * 4));
  CHECK(plan.makespan_seconds == plan.seconds);
  CHECK(plan.peak_resident_bytes == 1000);
}

TEST_CASE("plan: hosts share the trials", "[plan]") {
  Bench bench("suite: s\nseeds: 8\nbudget: {steps: 10}\nmodels: [copy]\ntasks: [coin]\n");
  bench.calibrate(grid(bench.suite, bench.registry));
  bench.options.jobs = 0;
  bench.options.hosts = 2;
  bench.options.cores = 1;
  const SuitePlan plan = bench.plan();
  CHECK(plan.makespan_seconds == 40);
  CHECK(plan.peak_resident_bytes == 1000);  // of one host
  bench.options.threads = 4;
  CHECK_THROWS_WITH(bench.plan(), "--cores: found 1, allowed: at least the 4 threads of a trial");
}

TEST_CASE("plan: candidates that differ in learning rate are one row, and come before the others",
          "[plan]") {
  Bench bench(
      "suite: s\nseeds: [0, 1]\nbudget: {steps: 10}\nmodels: [copy]\ntasks: [coin]\n"
      "tune: {learning_rate: [0.1, 0.2, 0.3]}\n");
  bench.options.jobs = 2;
  bench.calibrate(tuning_trials(bench.suite, bench.registry));
  const SuitePlan plan = bench.plan();
  REQUIRE(plan.rows.size() == 2);
  CHECK(trials_of(plan, TrialKind::tuning) == 3);
  CHECK(trials_of(plan, TrialKind::trial) == 2);
  CHECK(plan.makespan_seconds == 20 + 10);  // one slot is idle before settings are chosen
}

TEST_CASE("plan: pretrainings count once, and trials wait for them", "[plan]") {
  Bench bench(
      "suite: s\nseeds: [0]\nbudget: {steps: 10}\ndefaults: {pretrain_steps: 30}\n"
      "models: [copy]\ntasks: [coin]\npretrain: [none, causal]\n");
  bench.options.jobs = 2;
  bench.calibrate(with_pretraining(grid(bench.suite, bench.registry)));
  const SuitePlan plan = bench.plan();
  CHECK(trials_of(plan, TrialKind::pretraining) == 1);
  CHECK(trials_of(plan, TrialKind::trial) == 2);
  CHECK(plan.makespan_seconds == 30 + 10);
  std::set<std::string> names;
  for (const PlanRow& row : plan.rows) names.insert(row.model);
  CHECK(names == std::set<std::string>{"copy", "copy+causal"});
}

TEST_CASE("plan: 10000 trials are planned in seconds", "[plan]") {
  Bench bench(
      "suite: s\nseeds: 2500\nbudget: {steps: 10}\n"
      "models: [copy, {name: narrow, model: copy, d_model: 8}]\ntasks: [coin, echo]\n");
  bench.calibrate(grid(bench.suite, bench.registry));
  bench.options.jobs = 0;
  bench.options.hosts = 200;
  bench.options.cores = 1;
  const std::clock_t start = std::clock();  // of the processor, which other programs may share
  const SuitePlan plan = bench.plan();
  CHECK(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC < 20);  // under 2 s, optimized
  CHECK(plan.trials == 10000);
  CHECK(plan.makespan_seconds == 500);
}

TEST_CASE("plan: settings that cost nothing share a calibration, others do not", "[plan]") {
  TrialSpec spec, other;
  other.seed = 7;
  other.budget.steps = 3;
  other.settings.learning_rate = 0.5;
  other.tuning.is_candidate = true;
  CHECK(calibration_spec(spec).exact_id() == calibration_spec(other).exact_id());
  for (int64_t Settings::*setting :
       {&Settings::d_model, &Settings::batch, &Settings::test_examples}) {
    other = spec;
    ++(other.settings.*setting);
    CHECK(calibration_spec(spec).exact_id() != calibration_spec(other).exact_id());
  }
}
