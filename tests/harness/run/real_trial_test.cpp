// What the machine does to trials, with the program itself: its runner, and its trials in processes
// of their own. What a suite makes of every way to end is in runner_test.cpp.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <future>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/results/record.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"
#include "tests/helpers/sample_data.h"
#include "tests/helpers/wait.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A suite in a folder of its own, which `run` does.
struct RealBench {
  TemporaryFolder folder;
  fs::path out = folder.path / "out", file = folder.path / "suite.yaml";

  explicit RealBench(const std::string& rest) {
    std::ofstream(file) << "suite: real\nbudget: {steps: 3}\nretry: {tries: 2, delay: 0.1}\n"
                           "defaults: {d_model: 16, layers: 1, batch: 4, test_examples: 8, "
                           "validation_examples: 8}\n"
                        << rest;
  }

  // `before`: words of the shell.
  Outcome run(const std::string& before = "") const {
    return complaint("run " + file.string() + " --jobs 1 --out " + out.string(), before);
  }

  // Folders of trials that have such a file.
  std::vector<fs::path> trials_with(const std::string& name) const {
    std::vector<fs::path> found;
    std::error_code none_yet;
    for (const auto& trial : fs::directory_iterator(out / "trials", none_yet))
      if (fs::exists(trial.path() / name)) found.push_back(trial.path());
    return found;
  }

  // How many records have each status.
  std::map<std::string, int> statuses() const {
    std::map<std::string, int> count;
    for (const fs::path& trial : trials_with("record.json"))
      ++count[nlohmann::json::parse(read_text(trial / "record.json")).at("status")];
    return count;
  }
};

using Statuses = std::map<std::string, int>;

const char* const kSmall = "tasks: [{task: mqar, name: mqar, length: 16, pairs: 2}]\n";

std::string with_plugin(const std::string& models) {
  return std::string("seeds: [0]\nplugins: [") + LONGHAUL_TEST_PLUGINS +
         "/test_plugin_good.so]\nmodels: " + models + "\n" + kSmall;
}

struct AwayData {
  TemporaryFolder folder;
  fs::path data = folder.path / "data", away = folder.path / "away";
  RealBench bench;

  AwayData()
      : bench("seeds: 40\nmodels: [lru]\ntasks: [{task: listops, name: listops, data: " +
              data.string() + "}]\n") {
    sample::write_listops(data, 40);
  }

  // Moves the folder away once a trial is done, until one has met that.
  void move_away() const {
    CHECK(within_seconds(120, [&] { return !bench.trials_with("record.json").empty(); }));
    fs::rename(data, away);
    CHECK(within_seconds(120, [&] {
      for (const fs::path& trial : bench.trials_with("log.txt"))
        if (has(read_text(trial / "log.txt"), "basic_train.tsv: cannot be opened")) return true;
      return false;
    }));
  }
};

}  // namespace

TEST_CASE("trial: a data folder that is away for a moment costs no trial", "[trial][machine]") {
  const AwayData test;
  auto running = std::async(std::launch::async, [&] { return test.bench.run(); });
  test.move_away();
  fs::rename(test.away, test.data);
  const Outcome outcome = running.get();
  INFO(outcome.out);
  CHECK(outcome.status == 0);
  CHECK(test.bench.statuses() == Statuses{{"ok", 40}});
}

TEST_CASE("trial: a data folder that stays away ends the suite, and the next run goes on",
          "[trial][machine]") {
  const AwayData test;
  auto running = std::async(std::launch::async, [&] { return test.bench.run(); });
  test.move_away();
  const Outcome stopped = running.get();
  INFO(stopped.out);
  CHECK(stopped.status == 3);
  CHECK_THAT(stopped.out, Contains("basic_train.tsv: cannot be opened: No such file or directory"));
  const int done = test.bench.statuses()["ok"];
  CHECK(test.bench.statuses() == Statuses{{"ok", done}});
  fs::rename(test.away, test.data);
  CHECK(test.bench.run().status == 0);
  CHECK(test.bench.statuses() == Statuses{{"ok", 40}});
}

TEST_CASE("trial: files that may not grow leave no record, and the next run does the trial",
          "[trial][machine]") {
  // The checkpoint takes some 20 kB, all files before it less than 8 blocks of 1024 bytes.
  const RealBench bench(std::string("seeds: [0, 1]\nmodels: [lru]\n") + kSmall);
  const Outcome full = bench.run("ulimit -f 8;");
  INFO(full.out);
  CHECK(full.status == 3);
  CHECK_THAT(full.out, Contains("File too large"));
  CHECK(bench.statuses().empty());
  CHECK(bench.run().status == 0);
  CHECK(bench.statuses() == Statuses{{"ok", 2}});
  CHECK(bench.trials_with("checkpoint.safetensors").size() == 2);
}

TEST_CASE("trial: a full disk leaves no record and says so, and the next run does the trial",
          "[trial][machine]") {
  const RealBench bench(std::string("seeds: [0, 1]\nmodels: [lru]\n") + kSmall);
  fs::create_directory(bench.out);
  const std::string mounted = bench.out.string();
  const std::string mount = "mount -t tmpfs -o size=24k none " + mounted + " 2>/dev/null";
  if (std::system(mount.c_str()) != 0) {
    WARN("no file system may be mounted here");
    return;
  }
  const Outcome full = bench.run();
  INFO(full.out);
  CHECK(full.status == 3);
  CHECK_THAT(full.out, Contains("No space left on device"));
  CHECK(bench.statuses().empty());
  CHECK(std::system(("mount -o remount,size=10m " + mounted).c_str()) == 0);
  CHECK(bench.run().status == 0);
  CHECK(bench.statuses() == Statuses{{"ok", 2}});
  CHECK(std::system(("umount " + mounted).c_str()) == 0);
}

TEST_CASE("trial: a progress file that cannot be written stops no suite", "[trial][machine]") {
  const RealBench bench(std::string("seeds: [0, 1]\nmodels: [lru]\n") + kSmall);
  fs::create_directories(bench.out / "progress.json" / "in the way");
  const Outcome outcome = bench.run();
  INFO(outcome.out);
  CHECK(outcome.status == 0);
  CHECK(bench.statuses() == Statuses{{"ok", 2}});
}

TEST_CASE("trial: a pretraining's checkpoint that is emptied is made again, to the byte",
          "[trial][machine]") {
  const RealBench bench(std::string("seeds: [0]\npretrain: [causal]\nmodels: [lru]\n") + kSmall);
  REQUIRE(bench.run().status == 0);
  const std::vector<fs::path> trials = bench.trials_with("record.json");
  REQUIRE(trials.size() == 2);
  const auto pretraining = std::find_if(trials.begin(), trials.end(), [](const fs::path& trial) {
    return nlohmann::json::parse(read_text(trial / "spec.json")).at("is_pretraining") == true;
  });
  REQUIRE(pretraining != trials.end());
  const fs::path checkpoint = *pretraining / "checkpoint.safetensors";
  const std::string before = read_text(checkpoint);
  for (const std::string& rest : {std::string(), before.substr(0, before.size() / 2)}) {
    std::ofstream(checkpoint, std::ios::binary) << rest;
    const Outcome again = bench.run();
    INFO(again.out);
    CHECK(again.status == 0);
    CHECK(read_text(checkpoint) == before);
    CHECK(bench.statuses() == Statuses{{"ok", 2}});
  }
}

TEST_CASE("trial: a process that a plugin leaves behind ends with its trial",
          "[trial][machine][plugin]") {
  const TemporaryFolder folder;
  const std::string file = (folder.path / "processes").string();
  const RealBench bench(with_plugin("[{name: forks, model: forks, file: \"" + file + "\"}]"));
  const Outcome outcome = bench.run();
  INFO(outcome.out);
  CHECK(outcome.status == 0);
  std::ifstream processes(file);
  std::string process;
  REQUIRE(processes >> process);
  do CHECK(within_seconds(10, [&] { return has_ended(process); }));
  while (processes >> process);
}

TEST_CASE("trial: a system_error of a plugin is the trial's failure, not the machine's",
          "[trial][machine][plugin]") {
  const RealBench bench(with_plugin("[throws_system_error_in_forward, gain]"));
  const Outcome outcome = bench.run();
  INFO(outcome.out);
  CHECK(outcome.status == 1);
  CHECK_THAT(outcome.out, Contains("the plugin's own file: No space left on device"));
  CHECK(bench.statuses() == Statuses{{"failed", 1}, {"ok", 1}});
}
