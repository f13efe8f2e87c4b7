#include "harness/tables/export.h"

#include <algorithm>

#include "harness/tables/pairs_csv.h"
#include "harness/tables/pareto.h"
#include "harness/tables/points_csv.h"
#include "harness/tables/ranking.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/summary_csv.h"
#include "harness/throughput/profile_csv.h"
#include "harness/throughput/solver_csv.h"
#include "harness/throughput/throughput_csv.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {

const std::vector<CsvFile>& csv_files() {
  using R = Results;
  static const std::vector<CsvFile> files = {
      {"results", "a row for each finished trial and length of its tests; a failed trial has one",
       results_columns(), results_csv},
      {"summary", "a row for each model, task, pretrain, loss and eval_length", summary_columns(),
       summary_csv},
      {"ranks", "a row for each model of three or more, compared over two or more tasks",
       ranks_columns(), ranks_csv},
      {"pairs", "a row for each two models of a task and length, compared seed by seed",
       pairs_columns(), pairs_csv},
      {"pareto", "a row for each model, task, length and cost: whether it is on its task's front",
       pareto_columns(), pareto_csv},
      {"wins", "a row for each pair of the models of ranks.csv", wins_columns(), wins_csv},
      {"throughput", "a row for each model, phase, length and batch that was timed",
       throughput_columns(), [](const R& results) { return throughput_csv(results.throughput); }},
      {"curves", "a row for each number that a trial found while it trained", curves_columns(),
       curves_csv},
      {"diagnostics", "a row for each number that the suite's `diagnostics:` ask for",
       diagnostics_columns(),
       [](const R& results) { return has_diagnostics(results) ? diagnostics_csv(results) : ""; }},
      {"solver", "a row for each model with an iterative solver, solver and length",
       solver_columns(),
       [](const R& results) { return solver_csv(results.trials, results.solvers); }},
      {"profile",
       "a row for each model, phase, length and kind of operator of `throughput --profile`",
       profile_columns(), [](const R& results) { return profile_csv(results.profile); }},
  };
  return files;
}

const CsvFile& csv_file(const std::string& name) {
  return row_named("CSV file", name, csv_files());
}

namespace {

using Names = std::vector<std::string>;

void require_columns(const Names& columns, const Results& results) {
  Names known;
  for (const CsvFile& file : csv_files())
    for (const ColumnInfo& column : file.columns)
      if (!contains(known, column.name)) known.push_back(column.name);
  for (const auto& [metric, better] : asked_metrics(results))
    known.push_back(metric_column(metric));
  for (const std::string& column : columns)
    require(contains(known, column), "--columns: no CSV file has a column '", column, "'",
            nearest_and_known(column, known));
}

// The file with these columns alone; "" if it has none of them.
std::string with_columns(const std::string& csv, const Names& columns) {
  const CsvTable table = read_csv(csv);
  std::vector<std::size_t> places;
  for (const std::string& column : columns)
    for (std::size_t i = 0; i < table.columns.size(); ++i)
      if (table.columns[i] == column) places.push_back(i);
  if (places.empty()) return "";
  const auto chosen = [&](const Names& row) {
    Names fields;
    for (const std::size_t place : places) fields.push_back(row[place]);
    return csv_line(fields);
  };
  std::string text = chosen(table.columns);
  for (const Names& row : table.rows) text += chosen(row);
  return text;
}

}  // namespace

std::vector<std::filesystem::path> export_csv(const Results& results,
                                              const std::filesystem::path& folder,
                                              const std::vector<std::string>& columns) {
  require_columns(columns, results);
  make_folder(folder);
  std::vector<std::filesystem::path> written;
  for (const CsvFile& file : csv_files()) {
    std::string csv = file.text(results);
    if (!columns.empty() && !csv.empty()) csv = with_columns(csv, columns);
    if (csv.empty()) continue;
    written.push_back(folder / (file.name + ".csv"));
    write_atomically(written.back(), csv);
  }
  return written;
}

}  // namespace longhaul
