#include "harness/claims/tables.h"

#include <algorithm>

#include "harness/tables/export.h"
#include "harness/throughput/throughput_csv.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

// What says which trial a row of another file belongs to.
const Names kTrialColumns = {"model", "task", "pretrain", "loss", "seed"};
// Of throughput.csv: what the operators count and the models hold is the same everywhere.
const Names kCounted = {"model",           "phase",       "length",
                        "batch",           "repetitions", "parameter_bytes",
                        "optimizer_bytes", "state_bytes", "flops_per_token"};

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

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

Tables exported_tables(const Results& results) {
  Tables tables;
  tables["results"] = read_csv(results_csv(results));
  tables["summary"] = read_csv(summary_csv(results));
  tables["curves"] = read_csv(curves_csv(results));
  tables["diagnostics"] = read_csv(diagnostics_csv(results));
  tables["throughput"] = read_csv(throughput_csv(results.throughput));
  for (auto& [file, table] : tables) join(table, tables["results"]);
  return tables;
}

std::map<std::string, Names> exported_columns() {
  Results empty;
  empty.throughput.resize(1);  // without rows there is no header
  std::map<std::string, Names> columns;
  for (const auto& [file, table] : exported_tables(empty)) columns[file] = table.columns;
  return columns;
}

bool is_measured(const std::string& file, const std::string& column) {
  if (file == "throughput") return !contains(kCounted, column);
  return (file == "results" || file == "summary") && contains(measured_columns(), column);
}

}  // namespace longhaul
