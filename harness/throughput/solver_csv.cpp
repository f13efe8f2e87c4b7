#include "harness/throughput/solver_csv.h"

#include <map>
#include <tuple>

#include "support/statistics.h"

namespace longhaul {
namespace {

// Trials of a model, solver and length whose mixers reported numbers.
struct Reports {
  std::map<std::string, std::vector<double>> notes;  // by name, "solver.iterations"
  int64_t threads = 0, width = 0;
};

struct SolverLine {
  std::string model, solver, length;
  int64_t threads, width;
  const SolverRecord* measured;  // in the throughput phase, or null
  const Reports* reports;        // of trials, or null
};

using SolverColumn = Column<SolverLine>;

// A number that a trial has as a note and the throughput phase as a member.
template <class Number>
SolverColumn of_number(const char* name, const std::string& note, Number SolverRecord::*member,
                       const char* description, bool measured = false) {
  return {name, description,
          [=](const SolverLine& line) {
            if (line.measured) return csv_text(line.measured->*member);
            const auto found = line.reports->notes.find(note);
            return found == line.reports->notes.end() ? "" : csv_text(describe(found->second).mean);
          },
          measured};
}

const std::vector<SolverColumn>& solver_table() {
  using R = SolverRecord;
  static const std::vector<SolverColumn> columns = {
      {"model", "name of the model's entry in the suite",
       [](const SolverLine& l) { return l.model; }},
      {"solver", "the model's option of that name", [](const SolverLine& l) { return l.solver; }},
      {"length", "positions of each sequence", [](const SolverLine& l) { return l.length; }},
      of_number("iterations", "solver.iterations", &R::iterations, "sweeps over the sequence"),
      of_number("residual", "solver.residual", &R::residual,
                "largest change that one more sweep would make"),
      of_number("unconverged_fraction", "solver.unconverged", &R::unconverged_fraction,
                "share of the solves that stopped before they converged"),
      of_number("output_error", "solver.error", &R::output_error,
                "largest difference from the loop over time"),
      of_number("gradient_error", "solver.gradient_error", &R::gradient_error,
                "largest difference of the gradients, relative to the largest gradient"),
      of_number("seconds_sequential", "solver.seconds_sequential", &R::seconds_sequential,
                "forward pass of the loop", kMeasured),
      of_number("seconds_parallel", "solver.seconds_parallel", &R::seconds_parallel,
                "forward pass of the solver", kMeasured),
      of_number("speedup", "solver.speedup", &R::speedup,
                "loop over solver; empty unless the solver converged, output_error is at most "
                "1e-4 and gradient_error 1e-3",
                kMeasured),
      of_number("depth_sequential", "solver.depth_sequential", &R::depth_sequential,
                "steps of the loop that must follow each other: the length"),
      of_number("depth_parallel", "solver.depth_parallel", &R::depth_parallel,
                "the same of the solver: sweeps x 2 ceil(log2 length)"),
      {"threads", "threads of the measurement",
       [](const SolverLine& l) { return csv_text(l.threads); }, kMeasured},
      {"width", "d_model", [](const SolverLine& l) { return csv_text(l.width); }},
      {"measured_in",
       "`trials`: means over trials whose mixers reported; `throughput`: the throughput phase",
       [](const SolverLine& l) { return std::string(l.measured ? "throughput" : "trials"); }},
  };
  return columns;
}

// By model, solver and length.
using AllReports = std::map<std::tuple<std::string, std::string, std::string>, Reports>;

AllReports reports_of(const std::vector<Trial>& trials) {
  AllReports all;
  for (const Trial& trial : trials) {
    if (!trial.ok()) continue;
    std::map<std::string, double> notes;
    for (const auto& [name, value] : trial.record->notes)
      if (name.starts_with("solver.")) notes[name] = value;
    if (notes.empty()) continue;
    const OptionMap& options = trial.spec.model_options;
    const auto solver = options.find("solver");
    const auto length = notes.find("solver.length");
    Reports& reports =
        all[{trial.spec.model_name, solver == options.end() ? "" : to_text(solver->second),
             length == notes.end() ? "" : csv_text(length->second)}];
    reports.threads = trial.record->threads;
    reports.width = trial.spec.settings.d_model;
    for (const auto& [name, value] : notes) reports.notes[name].push_back(value);
  }
  return all;
}

}  // namespace

std::string solver_csv(const std::vector<Trial>& trials,
                       const std::vector<SolverRecord>& measured) {
  const AllReports all = reports_of(trials);
  if (all.empty() && measured.empty()) return "";
  std::string csv = header(solver_table());
  for (const auto& [key, reports] : all) {
    const auto& [model, solver, length] = key;
    csv += line(solver_table(),
                {model, solver, length, reports.threads, reports.width, nullptr, &reports});
  }
  for (const SolverRecord& row : measured)
    if (row.left_out.empty())
      csv += line(solver_table(), {row.model, row.solver, csv_text(row.length), row.threads,
                                   row.width, &row, nullptr});
  return csv;
}

std::vector<ColumnInfo> solver_columns() { return infos(solver_table()); }

}  // namespace longhaul
