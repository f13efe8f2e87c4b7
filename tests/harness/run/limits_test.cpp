// Limits of a trial, as `longhaul run` keeps them.
#include <fstream>

#include "harness/results/points.h"
#include "harness/results/store.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::StartsWith;
namespace fs = std::filesystem;

namespace {

// Runs a suite of one trial that would take minutes, and a second one of ten steps.
struct Limited {
  explicit Limited(const std::string& limits, const std::string& more = "") {
    std::ofstream(folder.path / "limited.yaml")
        << "suite: limited\nseeds: [0]\nbudget: {steps: 100000}\ncheckpoint_seconds: 0.2\nlimits: "
        << limits
        << "\ndefaults: {d_model: 16, layers: 1, batch: 8, evaluations: 2000, "
           "validation_examples: 8, test_examples: 8}\nmodels: [lru]\ntasks:\n"
           "  - {name: long, task: copy, length: 40}\n"
           "  - {name: short, task: copy, length: 40, budget: {steps: 10}}\n";
    run(more);
  }

  void run(const std::string& more = "") {
    outcome = complaint("run '" + (folder.path / "limited.yaml").string() + "' --jobs 1 --out '" +
                        out.string() + "' " + more);
    for (const Trial& trial : load_trials(out).trials)
      (trial.spec.task_name == "long" ? long_one : short_one) = trial;
  }

  TemporaryFolder folder;
  fs::path out = folder.path / "results";
  Outcome outcome{};
  Trial long_one, short_one;
};

}  // namespace

TEST_CASE(
    "limits: a trial that takes too long ends as timed_out, with its curve, and the suite goes on",
    "[limits]") {
  Limited suite("{seconds: 1.5}");
  CHECK(suite.outcome.status == 1);
  REQUIRE(suite.long_one.record);
  CHECK(suite.long_one.record->status == Status::timed_out);
  CHECK_THAT(suite.long_one.record->message,
             StartsWith("reached limits.seconds of 1.5 s at step "));
  CHECK(suite.long_one.record->steps > 0);
  CHECK(suite.long_one.record->attempts == 1);
  CHECK_FALSE(read_curve(suite.long_one.dir).empty());
  CHECK(suite.short_one.ok());

  // With more time it goes on, and does not start anew.
  const int64_t reached = suite.long_one.record->steps;
  suite.run("--retry-failed --set limits.seconds=3");
  CHECK(suite.long_one.record->steps > reached);
}

TEST_CASE(
    "limits: a trial that asks for too much memory ends as out_of_memory, and the suite goes on",
    "[limits]") {
#ifdef __SANITIZE_ADDRESS__
  WARN("left out under the address sanitizer, which needs terabytes of addresses");
#else
  const Limited suite("{memory: 60MiB}", "--set tasks.long.length=4000 --set tasks.long.batch=256");
  CHECK(suite.outcome.status == 1);
  REQUIRE(suite.long_one.record);
  CHECK(suite.long_one.record->status == Status::out_of_memory);
  CHECK(has(suite.long_one.record->message, "60 MiB"));
  CHECK(suite.short_one.ok());
#endif
}

TEST_CASE("limits: a trial that makes no step ends as timed_out", "[limits]") {
  TemporaryFolder folder;
  std::ofstream(folder.path / "stuck.yaml")
      << "suite: stuck\nseeds: [0]\nbudget: {steps: 2}\nlimits: {stall: 1}\ndefaults: {d_model: 8, "
         "layers: 1, batch: 1}\nmodels: [transformer]\ntasks: [{name: huge, task: copy, length: "
         "9000}]\n";
  const fs::path out = folder.path / "results";
  CHECK(
      complaint("run '" + (folder.path / "stuck.yaml").string() + "' --out '" + out.string() + "'")
          .status == 1);
  const std::vector<Trial> trials = load_trials(out).trials;
  REQUIRE(trials.size() == 1);
  REQUIRE(trials[0].record);
  CHECK(trials[0].record->status == Status::timed_out);
  CHECK_THAT(trials[0].record->message,
             StartsWith("made no step for limits.stall of 1 s at step "));
}

TEST_CASE("limits: what is no size or time is refused with an example", "[limits]") {
  const Outcome outcome = complaint(
      "run quick --set limits.memory=4GB --set limits.stall=soon --set limits.secnds=3 --out "
      "/nonexistent");
  CHECK(outcome.status == 2);
  CHECK(has(outcome.out, "limits.memory: found '4GB', allowed: a size such as 512MiB or 4GiB"));
  CHECK(has(outcome.out, "limits.stall: found 'soon', allowed: a time such as 500ms, 2s or 1m"));
  CHECK(has(outcome.out, "limits.secnds: unknown key; did you mean 'seconds'?"));
}

TEST_CASE("run: under `timeout -s INT`, which signals twice, a trial stores what it reached",
          "[limits]") {
  TemporaryFolder folder;
  std::ofstream(folder.path / "timed.yaml")
      << "suite: timed\nseeds: [0]\nbudget: {steps: 10000000}\ncheckpoint_seconds: 1000\n"
         "defaults: {d_model: 16, layers: 1, batch: 8, validation_examples: 8, test_examples: 8}\n"
         "models: [lru]\ntasks: [{name: long, task: copy, length: 40}]\n";
  const fs::path out = folder.path / "results";
  const std::string said =
      complaint("run '" + (folder.path / "timed.yaml").string() + "' --out '" + out.string() + "'",
                "timeout -s INT 5")
          .out;
  CHECK(has(said, "interrupted. Finished trials are kept"));
  const std::vector<Trial> trials = load_trials(out).trials;
  REQUIRE(trials.size() == 1);
  CHECK(fs::exists(trials[0].dir / "resume.0"));
  CHECK_FALSE(trials[0].record);
}
