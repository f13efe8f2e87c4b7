#include "harness/claims/tables.h"

#include <algorithm>

#include "harness/tables/export.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

// What says which trial a row of another file belongs to.
const Names kTrialColumns = {"model", "task", "pretrain", "loss", "seed"};
// The files that a claim may speak of.
const Names kFiles = {"results", "summary", "curves", "diagnostics", "throughput"};

std::size_t place_of(const CsvTable& table, const std::string& column) {
  return static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), column) -
                                  table.columns.begin());
}

// Rows that only name their trial, with what results.csv says of it.
void join(CsvTable& table, const CsvTable& results) {
  if (!contains(table.columns, "trial") || contains(table.columns, "model")) return;
  const std::size_t key = place_of(table, "trial"), results_key = place_of(results, "trial");
  std::map<std::string, const std::vector<std::string>*> trials;
  for (const auto& row : results.rows) trials.emplace(row[results_key], &row);
  for (auto& row : table.rows) {
    const auto trial = trials.find(row[key]);
    for (const std::string& column : kTrialColumns)
      row.push_back(trial == trials.end() ? "" : (*trial->second)[place_of(results, column)]);
  }
  table.columns.insert(table.columns.end(), kTrialColumns.begin(), kTrialColumns.end());
}

}  // namespace

std::map<std::string, Names> exported_columns() {
  std::map<std::string, Names> columns;
  for (const auto& [file, table] : exported_tables({})) columns[file] = table.columns;
  return columns;
}

Tables exported_tables(const Results& results) {
  Tables tables;
  for (const std::string& name : kFiles) {
    const CsvFile& file = csv_file(name);
    const std::string csv = file.text(results);
    if (!csv.empty()) {
      tables[name] = read_csv(csv);
      continue;
    }
    for (const ColumnInfo& column : file.columns) tables[name].columns.push_back(column.name);
  }
  for (auto& [name, table] : tables) join(table, tables["results"]);
  return tables;
}

bool is_measured(const std::string& file, const std::string& column) {
  for (const ColumnInfo& info : csv_file(file).columns)
    if (info.name == column) return info.measured;
  return false;
}

}  // namespace longhaul
