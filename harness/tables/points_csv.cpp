#include "harness/tables/points_csv.h"

#include <algorithm>

#include "harness/results/points.h"

namespace longhaul {
namespace {

template <class Point>
struct PointRow {
  const Trial& trial;
  const Point& point;
};

using CurveRow = PointRow<CurvePoint>;
using DiagnosticRow = PointRow<DiagnosticPoint>;

// What of a trial's whole was done at the point's step; "" if the trial failed.
std::string share_of(const CurveRow& row, double whole) {
  const TrialRecord& record = *row.trial.record;
  if (record.steps == 0 || whole == 0) return "";
  return csv_text(whole * static_cast<double>(row.point.step) / static_cast<double>(record.steps));
}

const std::vector<Column<CurveRow>>& curve_table() {
  static const std::vector<Column<CurveRow>> columns = {
      {"trial", "id of the trial, as in results.csv", [](const auto& r) { return r.trial.id; }},
      {"step", "training steps done", [](const auto& r) { return csv_text(r.point.step); }},
      {"split", "`train` or `validation`", [](const auto& r) { return r.point.split; }},
      {"metric",
       "`loss` (cross entropy in nats), `accuracy` (0 to 1), or one of the suite's `metrics:`",
       [](const auto& r) { return r.point.metric; }},
      {"value", "the number; empty if it was not finite",
       [](const auto& r) { return csv_text(r.point.value); }},
      {"model", "name of the model's entry in the suite",
       [](const auto& r) { return r.trial.spec.model_name; }},
      {"task", "name of the task's entry in the suite",
       [](const auto& r) { return r.trial.spec.task_name; }},
      {"seed", "seed of the trial", [](const auto& r) { return csv_text(r.trial.spec.seed); }},
      {"tokens", "training tokens so far: the step's share of tokens_seen, as if all had as many",
       [](const auto& r) { return share_of(r, static_cast<double>(r.trial.record->tokens_seen)); }},
      {"seconds", "training time so far: the step's share of train_seconds, as if all took as long",
       [](const auto& r) { return share_of(r, r.trial.record->train_seconds); }, kMeasured},
  };
  return columns;
}

const std::vector<Column<DiagnosticRow>>& diagnostic_table() {
  static const std::vector<Column<DiagnosticRow>> columns = {
      {"trial", "id of the trial, as in results.csv", [](const auto& r) { return r.trial.id; }},
      {"step", "training steps done", [](const auto& r) { return csv_text(r.point.step); }},
      {"layer", "layer from 0; empty: the whole network",
       [](const auto& r) { return csv_text(r.point.layer); }},
      {"name", "what was measured", [](const auto& r) { return r.point.name; }},
      {"value", "the number; empty if it was not finite",
       [](const auto& r) { return csv_text(r.point.value); }},
  };
  return columns;
}

// The points of every trial that was trained; a variant of one has the same.
template <class Point>
std::string points_csv(const Results& results, const std::vector<Column<PointRow<Point>>>& columns,
                       std::vector<Point> (*points_of)(const Trial&)) {
  std::string csv = header(columns);
  for (const std::vector<Trial>* trials : {&results.trials, &results.tuning})
    for (const Trial& trial : *trials) {
      if (!trial.record || !trial.has_folder()) continue;
      for (const Point& point : points_of(trial)) csv += line(columns, {trial, point});
    }
  return csv;
}

}  // namespace

std::string curves_csv(const Results& results) {
  return points_csv(results, curve_table(), curve_of);
}

std::vector<ColumnInfo> curves_columns() { return infos(curve_table()); }

std::string diagnostics_csv(const Results& results) {
  return points_csv(results, diagnostic_table(), diagnostics_of);
}

std::vector<ColumnInfo> diagnostics_columns() { return infos(diagnostic_table()); }

bool has_diagnostics(const Results& results) {
  return std::any_of(results.trials.begin(), results.trials.end(),
                     [](const Trial& trial) { return !trial.spec.diagnostics.empty(); });
}

}  // namespace longhaul
