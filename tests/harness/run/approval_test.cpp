// A small suite from its file to its CSV files and its table, against texts that a person has read:
// tests/harness/run/approved. What a trial finds is made up by the fake worker, so that no
// processor can change a number. After a wanted change LONGHAUL_APPROVE=1 longhaul_tests
// "[approval]" writes the texts anew, to be read in the diff.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "core/builtins.h"
#include "harness/run/run_suite.h"
#include "harness/tables/export.h"
#include "harness/tables/table.h"
#include "support/csv.h"
#include "support/number_text.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;

namespace {

// Names of models are orders to tests/helpers/fake_worker.cpp.
constexpr const char* kSuite = R"(suite: approval
seeds: [0, 1]
budget: {steps: 100}
models:
  - {name: learn, model: lru}
  - {name: learn_or_diverge, model: transformer}
tasks: [even_pairs, mqar]
)";

Results run_small_suite(const std::filesystem::path& out) {
  const TemporaryFile file("approval.yaml", kSuite);
  Registry registry;
  register_builtins(registry);
  const Suite suite = load_suite(file.path(), registry);
  std::FILE* null = std::fopen("/dev/null", "w");
  ProgressDisplay display(null);
  run_suite(suite, registry, out, {1, 1, {}, LONGHAUL_FAKE_WORKER}, display);
  std::fclose(null);
  return load_results(out);
}

// Another processor may round the last digits of a deviation otherwise.
std::string rounded(const std::string& field) {
  double number = 0;
  return field.size() > 8 && read_number(field, number) ? fmt::format("{:.6g}", number) : field;
}

// Without the columns that a machine, a version or a new setting changes.
std::string lasting(const CsvFile& file, const Results& results) {
  std::vector<std::string> passing = {"trial", "version", "build"};
  for (const ColumnInfo& column : file.columns)
    if (column.measured) passing.push_back(column.name);
  const CsvTable table = read_csv(file.text(results));
  const auto line = [&](const std::vector<std::string>& fields) {
    std::vector<std::string> kept;
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (std::find(passing.begin(), passing.end(), table.columns[i]) == passing.end())
        kept.push_back(rounded(fields[i]));
    return csv_line(kept);
  };
  std::string text = line(table.columns);
  for (const std::vector<std::string>& row : table.rows) text += line(row);
  return text;
}

void check_approved(const std::string& name, const std::string& found) {
  const std::filesystem::path file =
      std::filesystem::path(LONGHAUL_SOURCE_DIR "/tests/harness/run/approved") / name;
  if (std::getenv("LONGHAUL_APPROVE")) std::ofstream(file) << found;
  INFO(file);
  CHECK(found == read_text(file));
}

}  // namespace

TEST_CASE("a small suite's CSV files and table are the approved texts", "[approval]") {
  const TemporaryFolder folder;
  const Results results = run_small_suite(folder.path);
  for (const char* name : {"results", "summary"})
    check_approved(name + std::string(".csv"), lasting(csv_file(name), results));
  check_approved("table.txt", to_text(make_table(results)));
}
