#include "harness/throughput/solver_csv.h"

#include <array>
#include <map>
#include <tuple>

#include "support/csv.h"
#include "support/statistics.h"

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
  int64_t threads = 0, width = 0;
};

bool has_solver_notes(const TrialRecord& record) {
  const auto first = record.notes.lower_bound("solver.");
  return first != record.notes.end() && first->first.starts_with("solver.");
}

// Of a row measured in the throughput phase.
std::vector<std::string> fields_of(const SolverRecord& row) {
  return {row.model,
          row.solver,
          csv_text(row.length),
          csv_text(row.iterations),
          csv_text(row.residual),
          csv_text(row.unconverged_fraction),
          csv_text(row.output_error),
          csv_text(row.gradient_error),
          csv_text(row.seconds_sequential),
          csv_text(row.seconds_parallel),
          csv_text(row.speedup),
          csv_text(row.depth_sequential),
          csv_text(row.depth_parallel),
          csv_text(row.threads),
          csv_text(row.width),
          "throughput"};
}

std::string note_text(const TrialRecord& record, const std::string& name) {
  const auto note = record.notes.find(name);
  return note == record.notes.end() ? "" : csv_text(note->second);
}

}  // namespace

std::string solver_csv(const std::vector<Trial>& trials,
                       const std::vector<SolverRecord>& measured) {
  std::map<std::tuple<std::string, std::string, std::string>, Row> rows;
  for (const Trial& trial : trials) {
    if (!trial.ok() || !has_solver_notes(*trial.record)) continue;
    const auto solver = trial.spec.model_options.find("solver");
    Row& row = rows[{trial.spec.model_name,
                     solver == trial.spec.model_options.end() ? "" : to_text(solver->second),
                     note_text(*trial.record, "solver.length")}];
    row.threads = trial.record->threads;
    row.width = trial.spec.settings.d_model;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      const auto note = trial.record->notes.find(kColumns[i].note);
      if (note != trial.record->notes.end()) row.values[i].push_back(note->second);
    }
  }
  if (rows.empty() && measured.empty()) return "";

  std::vector<std::string> names = {"model", "solver", "length"};
  for (const Column& column : kColumns) names.push_back(column.name);
  names.insert(names.end(), {"threads", "width", "measured_in"});
  std::string csv = csv_line(names);
  for (const auto& [key, row] : rows) {
    const auto& [model, solver, length] = key;
    std::vector<std::string> fields = {model, solver, length};
    for (const std::vector<double>& values : row.values)
      fields.push_back(values.empty() ? "" : csv_text(describe(values).mean));
    fields.insert(fields.end(), {csv_text(row.threads), csv_text(row.width), "trials"});
    csv += csv_line(fields);
  }
  for (const SolverRecord& row : measured)
    if (row.left_out.empty()) csv += csv_line(fields_of(row));
  return csv;
}

}  // namespace longhaul
