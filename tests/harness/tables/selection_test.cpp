#include "harness/tables/selection.h"

#include "harness/tables/export.h"
#include "harness/tables/table.h"
#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

Results three_models() {
  Results results;
  for (const char* model : {"lru", "rnn", "gla"})
    for (const char* task : {"mqar", "listops"})
      results.trials.push_back(made_up_trial(model, task, 0, 0.5));
  return results;
}

}  // namespace

TEST_CASE("a selection leaves the named models and tasks alone", "[selection]") {
  Results results = three_models();
  select(results, {.models = {"gla", "lru"}, .tasks = {"listops"}, .columns = {}});
  const Table table = make_table(results);
  REQUIRE(table.models.size() == 2);
  CHECK(table.models[0][0].value == "lru");  // in the order of the suite
  CHECK(table.models[1][0].value == "gla");
  CHECK(table.header[1] == "listops");
  CHECK(table.scores == 1);
}

TEST_CASE("a row can be selected by its label", "[selection]") {
  Results results = three_models();
  results.trials[0].spec.settings.pretrain = "masked";
  select(results, {.models = {"lru+masked"}, .tasks = {}, .columns = {}});
  REQUIRE(results.trials.size() == 1);
  CHECK(results.trials[0].spec.settings.pretrain == "masked");
}

TEST_CASE("a selection names the nearest of what it does not find", "[selection]") {
  Results results = three_models();
  CHECK_THROWS_WITH(select(results, {.models = {"lrv"}, .tasks = {}, .columns = {}}),
                    Contains("--models: no model 'lrv'; did you mean 'lru'?"));
  CHECK_THROWS_WITH(select(results, {.models = {}, .tasks = {"mqat"}, .columns = {}}),
                    Contains("--tasks: no task 'mqat'; did you mean 'mqar'?"));
  CHECK_THROWS_WITH(with_columns(make_table(results), {"parms"}),
                    Contains("--columns: no column 'parms'; did you mean 'params'?"));
}

TEST_CASE("columns of a table are chosen with or without their length", "[selection]") {
  Results results;
  results.trials = {made_up_trial("lru", "mqar", 0, 0.5)};
  results.trials[0].record->evaluations = {{256, 0.9, 0.9}, {1024, 0.3, 0.4}};
  const Table table = make_table(results);
  CHECK(with_columns(table, {"state", "mqar"}).header ==
        std::vector<std::string>{"model", "mqar @256", "mqar @1024", "state"});
  CHECK(with_columns(table, {"tasks"}).header.size() == 3);
  const Table one = with_columns(table, {"mqar @1024"});
  CHECK(one.scores == 1);
  CHECK(one.models[0][1].value == "30.0");
  CHECK(one.baselines[0].size() == 2);
}

TEST_CASE("an export of some columns writes the files that have one", "[selection]") {
  const TemporaryFolder folder;
  const auto files = export_csv(three_models(), folder.path, {"mean", "model"});
  const CsvTable summary = read_csv(read_text(folder.path / "summary.csv"));
  CHECK(summary.columns == std::vector<std::string>{"mean", "model"});
  CHECK(summary.rows.size() == 6);
  for (const auto& file : files) CHECK(file.filename() != "throughput.csv");
  CHECK_THROWS_WITH(export_csv(three_models(), folder.path, {"modle"}),
                    Contains("no CSV file has a column 'modle'; did you mean 'model'?"));
}
