
#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "harness/results/points.h"
#include "harness/tables/results.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

// A trial as a runner leaves it: its folder and spec, and its record once it is finished.
fs::path leave_trial(const fs::path& dir, const Trial& trial) {
  const fs::path folder = dir / "trials" / trial.spec.id();
  fs::create_directories(folder);
  write_atomically(folder / "spec.json", to_json(trial.spec).dump());
  if (trial.record) write_record(folder, *trial.record);
  return folder;
}

void write_text(const fs::path& file, const std::string& content) {
  std::ofstream(file) << content;
}

}  // namespace

TEST_CASE("a record reads back as it was written", "[store]") {
  const TemporaryFolder folder;
  TrialRecord record = *made_up_trial("lru", "mqar", 1, 0.1 + 0.2).record;
  record.message = "line\nwith \"quotes\" and \u00fc";
  record.notes = {{"solver.iterations", 7.5}};
  record.evaluations.push_back({1024, 1.0 / 3, 0});
  write_record(folder.path, record);

  const std::optional<TrialRecord> read = read_record(folder.path);
  REQUIRE(read.has_value());
  CHECK(to_json(*read).dump() == to_json(record).dump());
  CHECK(read->evaluations[0].test == 0.1 + 0.2);
}

TEST_CASE("tests of other kinds become rows and columns of their own", "[store]") {
  const TemporaryFolder folder;
  TrialSpec spec;
  spec.model_name = spec.model = "transformer";
  spec.task_name = spec.task = "markov";
  const fs::path dir = folder.path / "trials" / spec.id();
  fs::create_directories(dir);
  write_text(dir / "spec.json", to_json(spec).dump());
  TrialRecord record = *made_up_trial("transformer", "markov", 0, 0.5).record;
  record.evaluations = {
      {64, 0.5, 0.5}, {64, 0.4, 0.5, "", "rerope"}, {512, 0.3, 0.5}, {64, 0.2, 0.5, "repeated"}};
  write_record(dir, record);

  const Results results = load_results(folder.path);
  REQUIRE(results.trials.size() == 3);
  CHECK(results.trials[0].record->evaluations.size() == 2);
  CHECK(results.trials[1].spec.model_name == "transformer+rerope");
  CHECK(results.trials[1].record->evaluations[0].test == 0.4);
  CHECK(results.trials[2].spec.task_name == "markov/repeated");
  CHECK_FALSE(results.trials[0].is_variant);
  CHECK(results.trials[2].is_variant);
}

TEST_CASE("a loss that is not a number survives as one", "[store]") {
  const TemporaryFolder folder;
  TrialRecord record;
  record.status = Status::diverged;
  record.train_loss = std::nan("");
  write_record(folder.path, record);
  CHECK(std::isnan(read_record(folder.path)->train_loss));
}

TEST_CASE("a message that is not UTF-8 does not cost the record", "[store]") {
  const TemporaryFolder folder;
  TrialRecord record;
  record.message = "bad byte \xff";
  write_record(folder.path, record);
  CHECK_THAT(read_record(folder.path)->message, Contains("bad byte"));
}

TEST_CASE("a message of any length is cut, and says so", "[store]") {
  const TemporaryFolder folder;
  TrialRecord record;
  record.message = std::string(3'000'000, 'x');
  write_record(folder.path, record);
  CHECK(fs::file_size(folder.path / "record.json") < 10'000);
  CHECK_THAT(read_record(folder.path)->message, Contains("(cut off here: it has 3000000 bytes)"));
}

TEST_CASE("a record from before a field was added keeps the field's default", "[store]") {
  const TrialRecord record =
      record_from_json({{"status", "ok"}, {"evaluations", nlohmann::json::array()}});
  CHECK(record.precision == "float32");
}

TEST_CASE("a damaged record names the key and what was found", "[store]") {
  nlohmann::json json = to_json(TrialRecord());
  json["status"] = "divreged";
  CHECK_THROWS_WITH(record_from_json(json), Contains("did you mean 'diverged'?"));
  json["status"] = "ok";
  json["steps"] = "many";
  CHECK_THROWS_WITH(record_from_json(json), Contains("steps: expected an integer, found \"many\""));
  json["steps"] = 1;
  json["evaluations"] = {{{"length", 1}}};
  CHECK_THROWS_WITH(record_from_json(json), Contains("evaluations[0].test is missing"));
  json.erase("evaluations");
  CHECK_THROWS_WITH(record_from_json(json), Contains("evaluations is missing"));
}

TEST_CASE("a record with a misspelt key is damaged", "[store]") {
  nlohmann::json json = to_json(TrialRecord());
  json["train_los"] = json["train_loss"];
  json.erase("train_loss");
  const std::string message = "train_los: unknown key; did you mean 'train_loss'? known: status";
  CHECK_THROWS_WITH(record_from_json(json), Contains(message));
  json["version"] = "7.0.0";  // whoever wrote it
  CHECK_THROWS_WITH(record_from_json(json), Contains(message));
}

TEST_CASE("a record of another version may hold more than this one knows", "[store]") {
  nlohmann::json json = to_json(TrialRecord());
  json["joules"] = 12;
  CHECK_THROWS_WITH(record_from_json(json), Contains("joules: unknown key; known: status"));
  json["version"] = "7.0.0";
  json["steps"] = 5;
  CHECK(record_from_json(json).steps == 5);
}

TEST_CASE("a record of 75000 brackets is damaged, and its trial waits", "[store]") {
  const TemporaryFolder folder;
  const Trial trial = made_up_trial("lru", "copy", 0, 0.5);
  const fs::path dir = leave_trial(folder.path, trial);
  const std::string problem =
      (dir / "record.json").string() + ": damaged: nested deeper than 100 levels";
  for (const std::string& content :
       {std::string(75'000, '['), "{\"notes\": " + std::string(75'000, '[')}) {
    write_text(dir / "record.json", content);
    const Results results = load_results(folder.path);
    CHECK(results.problems == std::vector<std::string>{problem});
    REQUIRE(results.trials.size() == 1);
    CHECK_FALSE(results.trials[0].record.has_value());
  }
}

TEST_CASE("a record that is a FIFO is not waited for", "[store]") {
  const TemporaryFolder folder;
  REQUIRE(mkfifo((folder.path / "record.json").c_str(), 0600) == 0);
  std::string problem;
  CHECK_FALSE(read_record(folder.path, &problem).has_value());
  CHECK_THAT(problem, Contains("record.json: is a FIFO that nobody writes to"));
}

TEST_CASE("results come in the suite's order of models, tasks and seeds", "[store]") {
  const TemporaryFolder folder;
  std::vector<TrialSpec> specs;
  for (uint64_t seed : {2, 0, 1})  // seeds outermost
    for (const char* task : {"pathfinder", "listops"})
      for (const char* model : {"rnn", "lru"}) {
        const Trial trial = made_up_trial(model, task, seed, 0.5);
        specs.push_back(trial.spec);
        leave_trial(folder.path, trial);
      }
  leave_trial(folder.path, made_up_trial("removed", "listops", 0, 0.5));
  write_order(folder.path, specs);

  const Results results = load_results(folder.path);
  std::vector<std::string> order;
  for (const Trial& trial : results.trials)
    order.push_back(text(trial.spec.model_name, ' ', trial.spec.task_name, ' ', trial.spec.seed));
  CHECK(order == std::vector<std::string>{
                     "rnn pathfinder 2", "rnn pathfinder 0", "rnn pathfinder 1", "rnn listops 2",
                     "rnn listops 0", "rnn listops 1", "lru pathfinder 2", "lru pathfinder 0",
                     "lru pathfinder 1", "lru listops 2", "lru listops 0", "lru listops 1"});
  CHECK(results.problems.empty());
}

TEST_CASE("two rows of a suite may share one trial", "[store]") {
  const TemporaryFolder folder;
  Trial trial = made_up_trial("lru", "mqar", 0, 0.5);
  leave_trial(folder.path, trial);
  TrialSpec renamed = trial.spec;
  renamed.model_name = "lru-again";
  write_order(folder.path, {trial.spec, renamed});

  const Results results = load_results(folder.path);
  REQUIRE(results.trials.size() == 2);
  CHECK(results.trials[1].spec.model_name == "lru-again");
  CHECK(results.trials[1].ok());
}

TEST_CASE("without order.json the trials that are there come in alphabetical order", "[store]") {
  const TemporaryFolder folder;
  leave_trial(folder.path, made_up_trial("rnn", "listops", 10, 0.5));
  leave_trial(folder.path, made_up_trial("rnn", "listops", 9, 0.5));
  leave_trial(folder.path, made_up_trial("lru", "mqar", 0, 0.5));
  const Results results = load_results(folder.path);
  REQUIRE(results.trials.size() == 3);
  CHECK(results.trials[0].spec.model_name == "lru");
  CHECK(results.trials[1].spec.seed == 9);
  CHECK(results.trials[2].spec.seed == 10);
}

TEST_CASE("what a killed run leaves behind is waiting, and no trouble", "[store]") {
  const TemporaryFolder folder;
  Trial waiting = made_up_trial("rnn", "listops", 0, 0.5);
  waiting.record.reset();
  const fs::path dir = leave_trial(folder.path, waiting);
  write_text(dir / "record.json.tmp4242", "{\"status\": \"o");
  fs::create_directories(folder.path / "trials" / "0123456789abcdef");  // not even a spec yet

  const Results results = load_results(folder.path);
  REQUIRE(results.trials.size() == 1);
  CHECK_FALSE(results.trials[0].record.has_value());
  CHECK(results.problems.empty());
}

TEST_CASE("a damaged file is named with what is wrong, and the rest is read", "[store]") {
  const TemporaryFolder folder;
  const fs::path torn = leave_trial(folder.path, made_up_trial("lru", "listops", 0, 0.5));
  write_text(torn / "record.json", "{\"status\": \"o");
  leave_trial(folder.path, made_up_trial("lru", "listops", 1, 0.5));
  const fs::path wrong = leave_trial(folder.path, made_up_trial("lru", "listops", 2, 0.5));
  write_text(wrong / "spec.json", "[]");

  const Results results = load_results(folder.path);
  REQUIRE(results.trials.size() == 2);
  CHECK_FALSE(results.trials[0].record.has_value());
  CHECK(results.trials[1].ok());
  REQUIRE(results.problems.size() == 2);
  CHECK_THAT(results.problems[0], Contains((wrong / "spec.json").string() + ": damaged"));
  CHECK_THAT(results.problems[1], Contains((torn / "record.json").string() + ": damaged"));

  write_text(folder.path / "order.json", "{");
  CHECK(load_results(folder.path).trials.size() == 2);
  CHECK_THAT(load_results(folder.path).problems[0], Contains("order.json: damaged"));
}

TEST_CASE("a folder without results is an error that names the nearest", "[store]") {
  const TemporaryFolder folder;
  fs::create_directories(folder.path / "quick" / "trials");
  CHECK_THROWS_WITH(load_results(folder.path / "quikc"),
                    Contains("did you mean '" + (folder.path / "quick").string() + "'?"));
  CHECK_THROWS_WITH(load_results(folder.path), Contains("is not a results folder"));
  CHECK(load_results(folder.path / "quick").trials.empty());
}

TEST_CASE("a curve reads back, and a torn last line is an error", "[store]") {
  const TemporaryFolder folder;
  CHECK(read_curve(folder.path).empty());
  const std::string csv = to_csv(
      std::vector<CurvePoint>{{10, "train", "loss", 2.25}, {10, "validation", "accuracy", 0.1}});
  CHECK(csv == "step,split,metric,value\n10,train,loss,2.25\n10,validation,accuracy,0.1\n");
  write_text(folder.path / "curve.csv", csv);
  const std::vector<CurvePoint> curve = read_curve(folder.path);
  REQUIRE(curve.size() == 2);
  CHECK(curve[1].split == "validation");
  CHECK(curve[1].value == 0.1);

  write_text(folder.path / "curve.csv", csv + "20,train,lo");
  CHECK_THROWS_WITH(read_curve(folder.path), Contains("its last line is cut off"));
  write_text(folder.path / "curve.csv", "");
  CHECK_THROWS_WITH(read_curve(folder.path), Contains("its last line is cut off"));
  write_text(folder.path / "curve.csv", csv + "twenty,train,loss,1\n");
  CHECK_THROWS_WITH(read_curve(folder.path), Contains("curve.csv:4: expected"));
}
