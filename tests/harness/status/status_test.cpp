#include "harness/status/status.h"

#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "harness/results/store.h"
#include "harness/status/sparkline.h"
#include "harness/status/status_text.h"
#include "harness/status/time_left.h"
#include "harness/train/trial_progress.h"
#include "support/file.h"
#include "support/process.h"
#include "support/text_table.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A results folder of trials that only differ in their seed.
struct MadeUpFolder {
  explicit MadeUpFolder(int trials, const std::string& model = "lru") {
    std::vector<TrialSpec> specs;
    for (int seed = 0; seed < trials; ++seed) {
      TrialSpec spec = made_up_trial(model, "copy", seed, 0.5).spec;
      spec.budget.steps = 600;
      specs.push_back(spec);
      dirs.push_back(folder.path / "trials" / spec.id());
      fs::create_directories(dirs.back());
      write_atomically(dirs.back() / "spec.json", to_json(spec).dump(), Durable::no);
    }
    write_order(folder.path, specs);
  }

  void end(int trial, Status status = Status::ok, const std::string& message = "") {
    TrialRecord record = *made_up_trial("lru", "copy", trial, 0.5).record;
    record.status = status;
    record.message = message;
    record.train_seconds = 10;
    write_record(dirs[trial], record);
  }

  void tell(int trial, const Progress& progress) {
    write_atomically(dirs[trial] / "progress.json", to_json(progress).dump());
  }

  // As if what it says were so old.
  void age(int trial, std::chrono::seconds by) {
    const fs::path file = dirs[trial] / "progress.json";
    fs::last_write_time(file, fs::last_write_time(file) - by);
  }

  SuiteStatus status() const { return read_status(folder.path); }

  TemporaryFolder folder;
  std::vector<fs::path> dirs;
};

Progress halfway() {
  Progress progress;
  progress.step = 300;
  progress.fraction = 0.5;
  progress.loss = 1.25;
  progress.accuracy = 0.75;
  progress.tokens_per_second = 84200;
  progress.seconds = 4;
  progress.host = "node7";
  progress.resident_bytes = 210 << 20;
  return progress;
}

int64_t widest_line(const std::string& text) {
  std::istringstream in(text);
  int64_t widest = 0;
  for (std::string line; std::getline(in, line);) widest = std::max(widest, display_width(line));
  return widest;
}

}  // namespace

TEST_CASE("status: every trial is in the state that its folder shows", "[status]") {
  MadeUpFolder suite(7);
  suite.end(0);
  suite.end(1, Status::failed, "a plugin threw");
  suite.end(2, Status::diverged, "loss nan at step 601");
  suite.tell(3, halfway());
  suite.tell(4, halfway());
  suite.age(4, std::chrono::seconds(61));
  Progress left = halfway();
  left.running = false;
  suite.tell(5, left);
  const SuiteStatus status = suite.status();

  std::vector<std::string> states;
  for (const TrialStatus& trial : status.trials) states.push_back(to_string(trial.state));
  CHECK(states == std::vector<std::string>{"done", "done", "done", "running", "stopped", "stopped",
                                           "waiting"});
  CHECK(status.total == 7);
  CHECK(status.done == 3);
  CHECK(status.stopped == 2);
  CHECK(status.statuses ==
        std::map<std::string, int64_t>{{"diverged", 1}, {"failed", 1}, {"ok", 1}});
  CHECK_FALSE(status.ended);
  CHECK(status.problems.empty());

  const TrialStatus& running = status.trials[3];
  CHECK(*running.step == 300);
  CHECK(*running.accuracy == 0.75);
  CHECK(*running.host == "node7");
  CHECK(*running.resident_bytes == 210 << 20);
  CHECK(*running.heard_seconds_ago < 30);
  CHECK(*status.trials[4].heard_seconds_ago == Approx(61).margin(30));
  CHECK(*status.trials[2].step == 600);  // a divergence has the step that it reached
}

TEST_CASE("status: says the reason and the log of what failed", "[status]") {
  MadeUpFolder suite(1);
  suite.end(0, Status::failed, "a plugin threw");
  const std::string text = to_text(suite.status(), 200);
  CHECK_THAT(text, Contains("made up: 1 of 1 trials done (1 failed)"));
  CHECK_THAT(text, Contains("failed at step 600: a plugin threw\n"));
  CHECK_THAT(text, Contains((suite.dirs[0] / "log.txt").string()));
  CHECK(suite.status().ended);
}

TEST_CASE("status: no accuracy and no loss are shown before there are any", "[status]") {
  MadeUpFolder suite(1);
  suite.tell(0, {});
  CHECK_THAT(to_text(suite.status(), 80), !Contains("accuracy") && !Contains("loss"));
  Progress progress = halfway();
  progress.accuracy.reset();
  suite.tell(0, progress);
  CHECK_THAT(to_text(suite.status(), 80), !Contains("accuracy") && Contains("loss 1.250"));
}

TEST_CASE("status: progress of an older version is read", "[status]") {
  MadeUpFolder suite(1);
  write_atomically(suite.dirs[0] / "progress.json",
                   R"({"step": 5, "fraction": 0.1, "loss": 2, "accuracy": 0.5,
                       "tokens_per_second": 10})");
  const SuiteStatus status = suite.status();
  CHECK(status.problems.empty());
  CHECK(status.trials[0].state == TrialState::running);
  CHECK_FALSE(status.trials[0].host);
}

TEST_CASE("status: damaged files are named, and their trials are told as far as is known",
          "[status]") {
  MadeUpFolder suite(3);
  suite.end(0);
  write_atomically(suite.dirs[0] / "record.json", "{\"status\": ");
  write_atomically(suite.dirs[1] / "progress.json", "{}");
  suite.tell(2, halfway());
  write_atomically(suite.dirs[2] / "curve.csv", "step,split,metric,value\n5,train");
  const SuiteStatus status = suite.status();
  REQUIRE(status.problems.size() == 3);
  CHECK_THAT(status.problems[0], Contains((suite.dirs[0] / "record.json").string()));
  CHECK_THAT(status.problems[1], Contains((suite.dirs[1] / "progress.json").string()));
  CHECK_THAT(status.problems[2], Contains((suite.dirs[2] / "curve.csv").string()));
  CHECK(status.waiting == 2);
  CHECK(status.running == 1);
  const Outcome shown = longhaul_run("status '" + suite.folder.path.string() + "'");
  CHECK(shown.status == 0);
  CHECK_THAT(shown.out, Contains("damaged"));
}

TEST_CASE("status: a pretraining is a trial of the suite, before those that wait for it",
          "[status]") {
  MadeUpFolder suite(2);
  TrialSpec first = made_up_trial("lru", "copy", 0, 0.5).spec, second = first;
  first.is_pretraining = true;
  second.pretrained = first.id();
  const fs::path dir = suite.folder.path / "trials" / first.id();
  fs::create_directories(dir);
  write_atomically(dir / "spec.json", to_json(first).dump());
  write_order(suite.folder.path, {second});
  const SuiteStatus status = suite.status();
  REQUIRE(status.total == 2);
  CHECK(status.trials[0].kind == "pretraining");
  CHECK(status.trials[1].kind == "trial");
}

TEST_CASE("status: time left follows from the done trials and from the shares of the running",
          "[status]") {
  const auto trial = [](const char* model, TrialState state, double fraction,
                        std::optional<double> seconds) {
    TrialStatus made;
    made.model = model;
    made.state = state;
    made.fraction = fraction;
    made.seconds_in_all = seconds;
    return made;
  };
  const TrialStatus quick = trial("quick", TrialState::done, 1, 10),
                    slow = trial("slow", TrialState::done, 1, 40);
  // Half of 40, and 10: in turns on one, or beside each other on two.
  std::vector<TrialStatus> trials = {quick, slow, trial("slow", TrialState::running, 0.5, 300),
                                     trial("quick", TrialState::waiting, 0, std::nullopt)};
  CHECK(*time_left(trials) == Approx(30));
  trials.back().state = TrialState::running;
  CHECK(*time_left(trials) == Approx(20));
  // A model that has no done trial takes as long as all do on average.
  trials.back().model = "new";
  CHECK(*time_left(trials) == Approx((20 + 25) / 2.0).margin(2.5));
  CHECK(*time_left({quick}) == 0);
  CHECK_FALSE(time_left({quick, trial("quick", TrialState::waiting, 0, std::nullopt)}));
  CHECK_FALSE(time_left({trial("new", TrialState::running, 0, std::nullopt)}));
}

TEST_CASE("status: a trial that went on counts the time of its last process alone", "[status]") {
  MadeUpFolder suite(1);
  Progress progress = halfway();
  progress.began = 0.4;
  suite.tell(0, progress);
  CHECK(*suite.status().trials[0].seconds_in_all == Approx(40));
  CHECK(*suite.status().seconds_left == Approx(20));
}

TEST_CASE("status: a sparkline has the lowest and the highest block at its ends", "[status]") {
  CHECK(sparkline({8, 7, 6, 5, 4, 3, 2, 1}, 8) == "█▇▆▅▄▃▂▁");
  CHECK(sparkline({1, 3, 5, 7}, 2) == "▁█");
  CHECK(sparkline({2, 2}, 8) == "▁▁");
  CHECK(sparkline({0, NAN, 7}, 8) == "▁ █");
  CHECK(sparkline({}, 8).empty());
}

TEST_CASE("status: lines fit 80 columns, and a name is never cut", "[status]") {
  MadeUpFolder suite(3, "a-name-of-thirty-nine-characters-and-mo");
  suite.tell(0, halfway());
  std::string curve = "step,split,metric,value\n";
  for (int step = 1; step <= 100; ++step) curve += text(step, ",train,loss,", 1.0 / step, "\n");
  write_atomically(suite.dirs[0] / "curve.csv", curve);
  Progress left = halfway();
  left.running = false;
  left.host = std::string(60, 'h');
  suite.tell(1, left);
  const std::string shown = to_text(suite.status(), 80);
  INFO(shown);
  CHECK(widest_line(shown) <= 80);
  MadeUpFolder wide(1, std::string(100, 'm'));
  wide.tell(0, halfway());
  CHECK_THAT(to_text(wide.status(), 80), Contains(std::string(100, 'm') + " on copy, seed 0\n"));
}

TEST_CASE("status: --json has every key of every trial, null where nothing is known", "[status]") {
  MadeUpFolder suite(2);
  suite.end(0);
  const Outcome outcome = longhaul_run("status '" + suite.folder.path.string() + "' --json");
  CHECK(outcome.status == 0);
  const nlohmann::json json = nlohmann::json::parse(outcome.out);
  CHECK(json.at("total") == 2);
  CHECK(json.at("seconds_left").is_null());
  for (const nlohmann::json& trial : json.at("trials"))
    for (const char* key : {"id",
                            "label",
                            "model",
                            "task",
                            "seed",
                            "kind",
                            "state",
                            "folder",
                            "status",
                            "message",
                            "step",
                            "fraction",
                            "loss",
                            "accuracy",
                            "tokens_per_second",
                            "host",
                            "heard_seconds_ago",
                            "resident_bytes",
                            "losses",
                            "seconds_in_all"})
      CHECK(trial.contains(key));
  CHECK(json.at("trials")[0].at("status") == "ok");
  CHECK(json.at("trials")[1].at("status").is_null());
}

TEST_CASE("status: what is no results folder is an error, exit status 2", "[status]") {
  const TemporaryFolder folder;
  for (const fs::path& path : {folder.path, folder.path / "nothing"}) {
    const Outcome outcome = complaint("status '" + path.string() + "'");
    CHECK(outcome.status == 2);
    CHECK_THAT(outcome.out, Contains("results folder"));
  }
}

TEST_CASE("status: reading leaves no file behind", "[status]") {
  const MadeUpFolder suite(1);
  suite.status();
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(suite.folder.path))
    names.insert(entry.path().filename());
  CHECK(names == std::set<std::string>{"order.json", "trials"});
}

#ifndef __SANITIZE_ADDRESS__  // which takes several times as long
TEST_CASE("status: ten thousand trials are read in under two seconds", "[status]") {
  MadeUpFolder suite(10'000);
  const std::string record = [&] {
    suite.end(0);
    return read_text(suite.dirs[0] / "record.json");
  }();
  for (std::size_t i = 0; i < 9000; ++i) {
    std::ofstream(suite.dirs[i] / "record.json") << record;
    std::ofstream(suite.dirs[i] / "progress.json") << to_json(halfway()).dump();
  }
  const std::clock_t begin = std::clock();  // of this process: other ones do not count
  const SuiteStatus status = suite.status();
  CHECK(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC < 2);
  CHECK(status.done == 9000);
  CHECK(status.waiting == 1000);
}
#endif

TEST_CASE("status: --watch follows a run from beside it until that ends", "[status]") {
  const TemporaryFolder folder;
  const fs::path suite = folder.path / "suite.yaml", out = folder.path / "out";
  std::ofstream(suite) << "suite: watched\nseeds: [0, 1]\nbudget: {seconds: 2.5}\n"
                          "defaults: {d_model: 16, layers: 1, batch: 8, evaluations: 4, "
                          "validation_examples: 16, test_examples: 16}\n"
                          "models: [lru]\ntasks: [{name: copying, task: copy, length: 40}]\n";
  ChildProcess run({LONGHAUL_PROGRAM, "run", suite.string(), "--out", out.string(), "--jobs", "1"},
                   folder.path / "log.txt");
  for (int tries = 0; tries < 3000 && !fs::exists(out / "order.json"); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const Outcome watched = longhaul_run("status '" + out.string() + "' --watch");
  CHECK(watched.status == 0);
  CHECK_THAT(watched.out, Contains("watched: 0 of 2 trials done"));
  CHECK_THAT(watched.out, Contains("lru on copying, seed 0\n    step "));
  CHECK_THAT(watched.out, Contains("tokens/s") && Contains(" MiB"));
  CHECK_THAT(watched.out, Contains("watched: 2 of 2 trials done\n"));
  CHECK_THAT(watched.out, !Contains("damaged") && !Contains("accuracy 0.000"));
  const SuiteStatus status = read_status(out);
  CHECK(status.ended);
  CHECK(status.trials[0].seconds_in_all);
}
