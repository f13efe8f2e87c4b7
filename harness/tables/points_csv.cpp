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

const std::vector<Column<CurveRow>>& curve_table() {
  static const std::vector<Column<CurveRow>> columns = {
      {"trial", "id of the trial, as in results.csv", [](const auto& r) { return r.trial.id; }},
      {"step", "training steps done", [](const auto& r) { return csv_text(r.point.step); }},
      {"split", "`train` or `validation`", [](const auto& r) { return r.point.split; }},
      {"metric", "`loss` (cross entropy in nats) or `accuracy` (0 to 1)",
       [](const auto& r) { return r.point.metric; }},
      {"value", "the number; empty if it was not finite",
       [](const auto& r) { return csv_text(r.point.value); }},
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
      if (!trial.record || trial.is_variant) continue;
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
