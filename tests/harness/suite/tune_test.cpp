
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/suite/suite_yaml.h"
#include "harness/suite/tune.h"
#include "harness/tables/results.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/summary_csv.h"
#include "harness/tables/table.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const char* const kTunedSuite = R"(suite: tuned
seeds: [3, 1]
budget: {steps: 5}
models: [copy, {name: narrow, model: copy, d_model: 8, learning_rate: 0.1}]
tasks: [coin, echo]
tune: {learning_rate: [0.001, 0.003], heads: [1, 2]}
)";

void record(const TemporaryFolder& out, const TrialSpec& spec, double validation,
            Status status = Status::ok) {
  TrialRecord record;
  record.status = status;
  record.evaluations = {{0, std::nan(""), validation}};
  const std::filesystem::path dir = out.path / "trials" / spec.id();
  std::filesystem::create_directories(dir);
  write_atomically(dir / "spec.json", to_json(spec).dump());
  write_record(dir, record);
}

}  // namespace

TEST_CASE("tune: every model tries the same settings on every task with the first seed", "[tune]") {
  const std::vector<TrialSpec> trials =
      tuning_trials(load_fake_suite(kTunedSuite), fake_registry());
  REQUIRE(trials.size() == 2 * 2 * 4);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    CHECK(trials[i].seed == 3);
    CHECK(trials[i].tuning.is_candidate);
    CHECK(trials[i].tuning.trials == 4);
    CHECK(trials[i].settings.learning_rate == (i % 4 < 2 ? 0.001 : 0.003));
    CHECK(trials[i].model_options.at("heads") == OptionValue(int64_t(i % 2 + 1)));
  }
  CHECK(trials[4].model_name == "narrow");
  CHECK(trials[4].settings.d_model == 8);
}

TEST_CASE("tune: the best on validation trains with every seed, of equal ones the first",
          "[tune]") {
  const Suite suite = load_fake_suite(kTunedSuite);
  const std::vector<TrialSpec> candidates = tuning_trials(suite, fake_registry());
  const TemporaryFolder out;
  for (std::size_t i = 0; i < 4; ++i) record(out, candidates[i], i == 2 ? 0.9 : 0.5);
  for (std::size_t i = 4; i < 8; ++i) record(out, candidates[i], 0.7);
  for (std::size_t i = 8; i < 12; ++i)
    record(out, candidates[i], 0.1 * double(i), i == 11 ? Status::diverged : Status::ok);
  const Tuned tuned = choose_settings(suite, fake_registry(), out.path);

  REQUIRE(tuned.trials.size() == 8);
  CHECK(tuned.trials[0].settings.learning_rate == 0.003);
  CHECK(tuned.trials[0].model_options.at("heads") == OptionValue(int64_t{1}));
  CHECK(tuned.trials[1].tuning.values == candidates[4].tuning.values);
  CHECK(tuned.trials[2].tuning.values == candidates[10].tuning.values);
  CHECK(tuned.trials[3].tuning.values == candidates[12].tuning.values);  // none went well
  CHECK(tuned.trials[4].seed == 1);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(tuned.trials[i + 4].tuning.values == tuned.trials[i].tuning.values);
  for (std::size_t i = 0; i < tuned.trials.size(); ++i) {
    CHECK_FALSE(tuned.trials[i].tuning.is_candidate);
    CHECK(tuned.trials[i].tuning.trials == (i % 4 == 3 ? 0 : 4));  // those that have a record
  }
  CHECK(tuned.choices[0] ==
        "tuned copy on coin: heads 1, learning_rate 0.003 (validation 0.900, best of 4 settings)");
  CHECK_THAT(tuned.choices[3], Contains("none went well, first of 4 settings"));
}

TEST_CASE("tune: a setting that crashed is named, and does not count as tried", "[tune]") {
  const Suite suite = load_fake_suite(kTunedSuite);
  const std::vector<TrialSpec> candidates = tuning_trials(suite, fake_registry());
  const TemporaryFolder out;
  for (std::size_t i = 0; i < candidates.size(); ++i)
    record(out, candidates[i], 0.5, i == 1 ? Status::failed : Status::ok);
  const Tuned tuned = choose_settings(suite, fake_registry(), out.path);
  CHECK_THAT(tuned.choices[0], Contains("best of 4 settings, 3 tried to their end)"));
  CHECK_THAT(tuned.choices[1], Contains("not tried to its end: ") && Contains(": failed ("));
  CHECK(tuned.trials[0].tuning.trials == 3);
  CHECK(tuned.trials[1].tuning.trials == 4);
}

TEST_CASE("tune: a wider grid keeps the trials that are done", "[tune]") {
  const Suite suite = load_fake_suite(kTunedSuite);
  const Suite wider = load_fake_suite(kTunedSuite, {"tune.learning_rate=[0.001, 0.003, 0.01]"});
  CHECK(tuning_trials(suite, fake_registry())[2].id() ==
        tuning_trials(wider, fake_registry())[2].id());
  TrialSpec spec = tuning_trials(suite, fake_registry())[0];
  const std::string id = spec.id();
  spec.tuning.is_candidate = false;  // tested, and so another trial
  CHECK(spec.id() != id);
  CHECK(trial_from_json(to_json(spec)).tuning.values == spec.tuning.values);
}

TEST_CASE("tune: trials that choose are exported without a test value and stay out of the table",
          "[tune]") {
  const Suite suite = load_fake_suite(kTunedSuite);
  const TemporaryFolder out;
  std::vector<TrialSpec> trials = tuning_trials(suite, fake_registry());
  trials.resize(1);
  record(out, trials[0], 0.5);
  write_order(out.path, trials);
  const Results results = load_results(out.path);
  CHECK(results.trials.empty());
  REQUIRE(results.tuning.size() == 1);
  CHECK(summary_csv(results) == summary_csv({}));
  CHECK(make_table(results).models.empty());
  const std::string csv = results_csv(results);
  CHECK_THAT(csv, Contains(",ok,1,accuracy,,0.5,"));
  CHECK_THAT(csv, Contains(",heads=1 learning_rate=0.001,"));
}

TEST_CASE("tune: a trial that chooses settings is validated and never tested", "[tune]") {
  TrialSpec spec = seen_trial("lru", 3);
  spec.tuning.is_candidate = true;
  const TemporaryFolder out;
  const TrialRecord record = run_seen_trial(spec, out.path);
  REQUIRE(record.status == Status::ok);
  REQUIRE(record.evaluations.size() == 1);
  CHECK(record.evaluations[0].validation > 0);
  CHECK(std::isnan(record.evaluations[0].test));
  CHECK(std::isnan(record.evaluations[0].baselines.majority));
  CHECK_FALSE(std::filesystem::exists(out.path / "checkpoint.safetensors"));
}

TEST_CASE("tune: the resolved suite tunes the same, and what is wrong is named", "[tune]") {
  const Suite suite = load_fake_suite(kTunedSuite);
  CHECK(load_fake_suite(to_yaml(suite)).tune == suite.tune);
  const auto with = [](const std::string& tune) { load_fake_suite(kTunedSuite, {"tune=" + tune}); };
  CHECK_THROWS_WITH(with("{lr: [0.001]}"), Contains("tune.lr: is no setting and no option of every "
                                                    "model; did you mean 'learning_rate'?"));
  CHECK_THROWS_WITH(with("{heads: [3]}"), Contains("tune.heads: copy: found 3, allowed: divisors"));
  CHECK_THROWS_WITH(with("{learning_rate: [-1]}"),
                    Contains("tune.learning_rate: found -1, allowed"));
  CHECK_THROWS_WITH(with("{learning_rate: []}"), Contains("tune.learning_rate: is empty"));
  CHECK_THROWS_WITH(with("{learning_rate: [0.1, 0.1]}"), Contains("0.1 is given twice"));
  CHECK_THROWS_WITH(with("{}"), Contains("tune: is empty"));
  CHECK_THROWS_WITH(with("[learning_rate]"), Contains("tune: expected a map"));
  CHECK_THROWS_WITH(with("[{learning_rate: 1}]"), Contains("tune: expected a map"));
  CHECK_THROWS_WITH(load_fake_suite(kTunedSuite, {"models=[copy, mirror]", "tune={heads: [3]}"}),
                    Contains("tune.heads: mirror: found 3"));
}
