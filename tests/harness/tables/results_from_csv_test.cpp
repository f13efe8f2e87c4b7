#include "harness/tables/results_from_csv.h"

#include "harness/tables/compare.h"
#include "harness/tables/export.h"
#include "harness/tables/metric.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/summary_csv.h"
#include "harness/tables/table.h"
#include "harness/tables/table_formats.h"
#include "longhaul/error.h"
#include "support/file.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_results.h"

using namespace longhaul;
using Catch::Matchers::Contains;

TEST_CASE("exported results read back give the same table and CSV files", "[results_from_csv]") {
  const TemporaryFolder folder;
  Results results = made_up_results();
  std::erase_if(results.trials, [](const Trial& trial) { return !trial.record; });
  results.trials[0].record->evaluations.push_back({512, 0.25, 0.5, "", "", {0.1, 0.2, 0.3}});
  export_csv(results, folder.path);
  const Results read = load_results(folder.path);
  CHECK(results_csv(read) == results_csv(results));
  CHECK(summary_csv(read) == summary_csv(results));
  CHECK(to_text(make_table(read)) == to_text(make_table(results)));
}

TEST_CASE("reference results are a results folder", "[results_from_csv]") {
  const Results families = load_results(LONGHAUL_SOURCE_DIR "/results/reference/families");
  CHECK(families.trials.size() == 495);
  const Table table = make_table(families);
  CHECK(table.models.size() == 33);
  CHECK(table.models[0][1].value == "99.9");
  CHECK(compare_results(families, families, "accuracy", 0).worse() == 0);
  // Curves are not among the tables that it reads.
  CHECK(find_metric(families, "examples_to_90").missing == std::string("not recorded"));
}

TEST_CASE("a CSV file that is damaged or another is refused by its place", "[results_from_csv]") {
  const TemporaryFolder folder;
  const auto file = folder.path / "results.csv";
  write_atomically(file, "model,task\nlru,mqar\n");
  CHECK_THROWS_WITH(load_results(folder.path), Contains("results.csv: has no column 'trial'"));
  const std::string columns = "trial,model,task,seed,status,test_value,chance\n";
  write_atomically(file, columns + "id,lru,mqar,0,ok,much,0.5\n");
  CHECK_THROWS_WITH(load_results(folder.path),
                    Contains("row 1, column test_value: found 'much', which is no number"));
  for (const char* word : {"nan", "inf", "1e400", "0x1", "+1", " 1", "1_0", "\u0665"}) {
    write_atomically(file, columns + "id,lru,mqar,0,ok," + word + ",0.5\n");
    CHECK_THROWS_WITH(load_results(folder.path),
                      Contains("row 1, column test_value: found '" + std::string(word) +
                               "', which is no number"));
  }
  write_atomically(file, columns + "id,lru,mqar,0,okay,0.5,0.5\n");
  CHECK_THROWS_WITH(load_results(folder.path), Contains("row 1, column status"));
}
