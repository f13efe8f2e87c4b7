#include <fstream>
#include <nlohmann/json.hpp>

#include "core/builtins.h"
#include "harness/plan/plan_table.h"
#include "harness/plan/suite_plan.h"
#include "harness/tables/results.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

constexpr const char* kSuite =
    "suite: small\nseeds: [0, 1]\nbudget: {steps: 6}\n"
    "defaults: {d_model: 16, layers: 1, batch: 8, validation_examples: 20, test_examples: 20}\n"
    "models: [transformer, lru]\n"
    "tasks: [{name: mqar, length: 16, pairs: 2, vocabulary: 16}]\n";

// Plans a small suite with the program itself as worker.
struct SmallSuite {
  SmallSuite() {
    register_builtins(registry);
    std::ofstream(file) << kSuite;
    suite = load_suite(file, registry);
    options.cache = folder.path / "cache";
    options.worker = LONGHAUL_PROGRAM;
    options.jobs = 1;
  }

  SuitePlan plan() const {
    return plan_suite(suite, registry, folder.path / "out", options, [](int64_t, int64_t) {});
  }

  std::vector<fs::path> cached() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(options.cache)) files.push_back(entry.path());
    return files;
  }

  TemporaryFolder folder;
  const fs::path file = folder.path / "small.yaml";
  Registry registry;
  Suite suite;
  PlanOptions options;
};

}  // namespace

TEST_CASE("plan: parameters and operations are those of the records, memory about so", "[plan]") {
  const SmallSuite bench;
  const std::vector<char> large(300'000'000, 1);  // of this process, not of the trials
  const SuitePlan plan = bench.plan();
  CHECK(plan.trials == 4);
  CHECK(large.back() == 1);
  const std::string out = (bench.folder.path / "out").string();
  REQUIRE(longhaul_run("run " + bench.file.string() + " --jobs 1 --out " + out).status == 0);
  for (const Trial& trial : load_results(out).trials)
    for (const PlanRow& row : plan.rows) {
      if (row.model != trial.spec.model_name) continue;
      const TrialRecord& record = *trial.record;
      CHECK(row.calibration.parameters == record.parameters);
      CHECK(row.cost.steps == record.steps);
      CHECK(row.cost.tokens == static_cast<double>(record.tokens_seen));
      CHECK(row.cost.flops ==
            Approx(record.flops_per_token * static_cast<double>(record.tokens_seen)));
      CHECK(row.calibration.peak_activation_bytes ==
            Approx(static_cast<double>(record.peak_activation_bytes)).epsilon(0.1));
#ifndef __SANITIZE_ADDRESS__  // whose own memory depends on what a process did before
      CHECK(row.calibration.peak_resident_bytes ==
            Approx(static_cast<double>(record.peak_resident_bytes)).epsilon(0.25));
#endif
      CHECK(row.cost.seconds > row.cost.train_seconds);
    }

  const SuitePlan after = bench.plan();
  CHECK(after.trials == 0);
  CHECK(after.finished == 4);
  CHECK(after.makespan_seconds == 0);
}

TEST_CASE("plan: the second time no process is started", "[plan]") {
  SmallSuite bench;
  const SuitePlan first = bench.plan();
  CHECK(bench.cached().size() == 2);
  bench.options.worker = "/bin/false";
  CHECK(to_json(bench.plan()) == to_json(first));
  bench.options.threads = 2;  // other figures
  CHECK(bench.plan().uncosted == 4);
}

TEST_CASE("plan: a damaged cache, or one that cannot be written, is calibrated anew", "[plan]") {
  SmallSuite bench;
  bench.plan();
  for (const fs::path& file : bench.cached()) std::ofstream(file) << "{\"key\": 1}";
  CHECK(bench.plan().uncosted == 0);
  for (const fs::path& file : bench.cached()) CHECK(read_text(file).size() > 100);
  bench.options.cache = "/dev/null/cache";
  CHECK(bench.plan().uncosted == 0);
}

TEST_CASE("plan: a model that crashes costs its own row, and is tried again", "[plan]") {
  SmallSuite bench;
  const fs::path worker = bench.folder.path / "worker.sh";
  std::ofstream(worker) << "#!/bin/sh\nif grep -q '\"model\": \"lru\"' \"$2\"; then\n"
                           "  echo it is the gate; kill -SEGV $$\nfi\n"
                           "exec '" LONGHAUL_PROGRAM "' \"$@\"\n";
  fs::permissions(worker, fs::perms::owner_all);
  bench.options.worker = worker;
  bench.options.jobs = 2;
  const SuitePlan plan = bench.plan();
  CHECK(plan.has_failures());
  CHECK(plan.uncosted == 2);
  REQUIRE(plan.rows.size() == 2);
  CHECK(plan.rows[0].calibration.ok());
  CHECK(plan.rows[1].calibration.message == "killed by SIGSEGV: it is the gate");
  CHECK_THAT(to_text(plan), Catch::Matchers::Contains("it is the gate"));
  bench.options.worker = LONGHAUL_PROGRAM;
  CHECK(bench.plan().uncosted == 0);
}

TEST_CASE("plan: --json has every number, and the table fits 80 columns", "[plan][cli]") {
  const SmallSuite bench;
  const std::string variable = "XDG_CACHE_HOME=" + bench.folder.path.string();
  const std::string arguments =
      "plan " + bench.file.string() + " --out " + (bench.folder.path / "out").string();
  const Outcome json = longhaul_run(arguments + " --hosts 200 --cores 64 --json", variable);
  CHECK(json.status == 0);
  const nlohmann::json plan = nlohmann::json::parse(json.out);
  for (const char* key :
       {"suite", "cpu", "version", "build", "trials", "finished", "uncosted", "at_once", "threads",
        "hosts", "seconds", "makespan_seconds", "flops", "peak_resident_bytes"})
    CHECK(plan.contains(key));
  REQUIRE(plan.at("rows").size() == 2);
  for (const nlohmann::json& row : plan.at("rows"))
    for (const char* key : {"trials", "parameters", "peak_activation_bytes", "peak_resident_bytes",
                            "steps", "tokens", "flops", "train_seconds", "seconds"}) {
      INFO(key);
      CHECK(row.at(key).get<double>() > 0);
    }

  const Outcome text = longhaul_run(arguments, variable);
  CHECK(text.status == 0);
  std::istringstream lines(text.out);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
  CHECK(has(text.out, "4 trials"));
  CHECK(longhaul_run(arguments + " --jobs 2 --hosts 3", variable).status == 2);
}
