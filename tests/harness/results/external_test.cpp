#include "harness/results/external.h"

#include "harness/tables/ranking.h"
#include "harness/tables/results.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/results_from_csv.h"
#include "harness/tables/summary.h"
#include "harness/tables/table.h"
#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/stored_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string complaint(const fs::path& dir, const ExternalScore& score) {
  try {
    add_external(dir, score);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string field(const CsvTable& table, std::size_t row, const std::string& column) {
  for (std::size_t i = 0; i < table.columns.size(); ++i)
    if (table.columns[i] == column) return table.rows[row][i];
  return "no such column";
}

}  // namespace

TEST_CASE("an external score stands in the table, marked, with the baselines of its task",
          "[external]") {
  const TemporaryFolder folder;
  leave_results(folder.path, {{0, 0.5}, {1, 0}});
  ExternalScore score{"gru", "mqar", 3, 0, 0.75};
  score.parameters = 1234;
  const std::string id = add_external(folder.path, score);
  CHECK(fs::exists(folder.path / "external" / (id + ".json")));

  const Results results = load_results(folder.path);
  CHECK(results.problems.empty());
  const std::vector<ResultCell> cells = summarize(results);
  REQUIRE(cells.size() == 2);
  CHECK(cells[1].row.label == "gru (external)");
  CHECK(cells[1].test.mean == 0.75);
  CHECK(cells[1].baselines->shallow == cells[0].baselines->shallow);
  CHECK_FALSE(cells[1].at_baseline);
  const Table table = make_table(results, "accuracy");
  CHECK(table.models[1][1].value == "75.0");
  CHECK(table.models[1][2].number == 1234);  // parameters
  CHECK(make_table(results, "val").models[1][1].value == "-");

  const CsvTable csv = read_csv(results_csv(results));
  REQUIRE(csv.rows.size() == 2);
  CHECK(field(csv, 0, "external") == "false");
  CHECK(field(csv, 1, "external") == "true");
  CHECK(field(csv, 1, "model_origin") == "external");
  CHECK(field(csv, 1, "trial") == id);
  CHECK(field(csv, 1, "test_value") == "0.75");
  for (const char* unknown : {"val_value", "train_loss", "steps", "threads", "host", "build",
                              "d_model", "learning_rate", "tuning_trials", "state_bytes"})
    CHECK(field(csv, 1, unknown).empty());

  write_atomically(folder.path / "results.csv", results_csv(results));
  CHECK(results_from_csv(folder.path / "results.csv").trials[1].is_external);
}

TEST_CASE("a score of the same model, task, seed and length takes the place of the earlier one",
          "[external]") {
  const TemporaryFolder folder;
  leave_results(folder.path, {{0, 0.5}});
  add_external(folder.path, {"gru", "mqar", 0, 0, 0.7});
  add_external(folder.path, {"gru", "mqar", 0, 0, 0.8});
  add_external(folder.path, {"gru", "mqar", 1, 0, 0.9});
  const StoredTrials stored = load_trials(folder.path);
  REQUIRE(stored.trials.size() == 3);
  CHECK(stored.trials[1].record->evaluations[0].test == 0.8);
  CHECK(stored.trials[2].record->evaluations[0].test == 0.9);
}

TEST_CASE("an external score that fits no results says what is allowed", "[external]") {
  const TemporaryFolder folder;
  leave_results(folder.path, {{0, 0.5}});
  CHECK_THAT(complaint(folder.path, {"lru", "mqar", 0, 0, 0.7}),
             Contains("the suite trains a model of that name itself"));
  CHECK_THAT(complaint(folder.path, {"gru", "mqra", 0, 0, 0.7}),
             Contains("no task 'mqra'; did you mean 'mqar'?"));
  CHECK_THAT(complaint(folder.path, {"gru", "mqar", 0, 64, 0.7}),
             Contains("eval_length: found 64, allowed: 0"));
  CHECK(complaint(folder.path, {"gru", "mqar", 0, 0, 70}) ==
        "test_value: found 70, allowed: 0 .. 1");
  CHECK_THAT(complaint(folder.path / "nowhere", {"gru", "mqar", 0, 0, 0.7}),
             Contains("no such results folder"));
  CHECK_FALSE(fs::exists(folder.path / "external"));

  const TemporaryFolder waiting;
  leave_results(waiting.path, {{0, 0}});
  CHECK_THAT(complaint(waiting.path, {"gru", "mqar", 0, 0, 0.7}),
             Contains("no trial of it is finished"));
}

TEST_CASE("a damaged external score is named and left out", "[external]") {
  const TemporaryFolder folder;
  leave_results(folder.path, {{0, 0.5}});
  const std::string id = add_external(folder.path, {"gru", "mqar", 0, 0, 0.7});
  write_atomically(folder.path / "external" / (id + ".json"), "{");
  const StoredTrials stored = load_trials(folder.path);
  CHECK(stored.trials.size() == 1);
  REQUIRE(stored.problems.size() == 1);
  CHECK_THAT(stored.problems[0], Contains(id + ".json: damaged") && Contains("left out"));
}

TEST_CASE("an external score on some of the tasks takes none of them from the ranks",
          "[external][ranking]") {
  Results results;
  for (const char* model : {"a", "b", "c"})
    for (const char* task : {"mqar", "listops"})
      results.trials.push_back(made_up_trial(model, task, 0, model[0] == 'a' ? 0.9 : 0.5));
  results.trials.push_back(made_up_trial("gru", "mqar", 0, 0.99));
  results.trials.back().is_external = true;
  const Ranking ranking = rank_rows(results);
  CHECK(ranking.tasks.size() == 2);
  CHECK(ranking.rows == std::vector<std::string>{"a", "b", "c"});

  results.trials.push_back(made_up_trial("gru", "listops", 0, 0.99));
  results.trials.back().is_external = true;
  CHECK(rank_rows(results).rows.front() == "gru (external)");
}
