#include <array>
#include <map>
#include <tuple>

#include "harness/record/csv.h"
#include "harness/record/export.h"
#include "harness/record/statistics.h"

namespace longhaul {
namespace {

// Columns of solver.csv and the notes that fill them. `speedup` is for the model to report, and
// only when both errors pass.
struct Column {
  const char* name;
  const char* note;
};
constexpr std::array<Column, 10> kColumns = {{
    {"iterations", "solver.iterations"},
    {"residual", "solver.residual"},
    {"unconverged_fraction", "solver.unconverged"},
    {"output_error", "solver.error"},
    {"gradient_error", "solver.gradient_error"},
    {"seconds_sequential", "solver.seconds_sequential"},
    {"seconds_parallel", "solver.seconds_parallel"},
    {"speedup", "solver.speedup"},
    {"depth_sequential", "solver.depth_sequential"},
    {"depth_parallel", "solver.depth_parallel"},
}};

struct Row {
  std::array<std::vector<double>, kColumns.size()> values;
  int64_t threads = 0;
};

bool has_solver_notes(const TrialRecord& record) {
  const auto first = record.notes.lower_bound("solver.");
  return first != record.notes.end() && first->first.starts_with("solver.");
}

std::string note_text(const TrialRecord& record, const std::string& name) {
  const auto note = record.notes.find(name);
  return note == record.notes.end() ? "" : csv_text(note->second);
}

}  // namespace

std::string solver_csv(const Results& results) {
  std::map<std::tuple<std::string, std::string, std::string>, Row> rows;
  for (const Trial& trial : results.trials) {
    if (!trial.ok() || !has_solver_notes(*trial.record)) continue;
    const auto solver = trial.spec.model_options.find("solver");
    Row& row = rows[{trial.spec.model_name,
                     solver == trial.spec.model_options.end() ? "" : to_text(solver->second),
                     note_text(*trial.record, "solver.length")}];
    row.threads = trial.record->threads;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto note = trial.record->notes.find(kColumns[i].note);
      if (note != trial.record->notes.end()) row.values[i].push_back(note->second);
    }
  }
  if (rows.empty()) return "";

  std::vector<std::string> names = {"model", "solver", "length"};
  for (const Column& column : kColumns) names.push_back(column.name);
  names.push_back("threads");
  std::string csv = csv_line(names);
  for (const auto& [key, row] : rows) {
    const auto& [model, solver, length] = key;
    std::vector<std::string> fields = {model, solver, length};
    for (const std::vector<double>& values : row.values)
      fields.push_back(values.empty() ? "" : csv_text(describe(values).mean));
    fields.push_back(csv_text(row.threads));
    csv += csv_line(fields);
  }
  return csv;
}

}  // namespace longhaul
