#include "harness/results/points.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

using Names = std::vector<std::string>;

const Names kCurveColumns = {"step", "split", "metric", "value"};
const Names kDiagnosticColumns = {"step", "layer", "name", "value"};

// A number that is missing where it was not finite.
bool read_value(const std::string& field, double& value) {
  value = std::numeric_limits<double>::quiet_NaN();
  return field.empty() || read_number(field, value);
}

bool read_point(const Names& row, CurvePoint& point) {
  point.split = row[1];
  point.metric = row[2];
  return read_number(row[0], point.step) && read_value(row[3], point.value);
}

bool read_point(const Names& row, DiagnosticPoint& point) {
  point.name = row[2];
  return read_number(row[0], point.step) &&
         (row[1].empty() || read_number(row[1], point.layer.emplace())) &&
         read_value(row[3], point.value);
}

std::string line_of(const Names& fields) {
  const std::string line = csv_line(fields);
  return line.substr(0, line.size() - 1);  // without its end
}

template <class Point>
std::vector<Point> read_points(const fs::path& path, const Names& columns) {
  std::vector<Point> points;
  const std::optional<std::string> content = read_file_if_there(path);
  if (!content) return points;  // of a trial that failed
  require(content->ends_with('\n'), path.string(), ": damaged: its last line is cut off");
  const CsvTable table = read_csv(*content, path.string());
  require(table.columns == columns, path.string(), ":1: expected the header '", line_of(columns),
          "', found '", line_of(table.columns), "'");
  for (const Names& row : table.rows) {
    Point point;
    const bool is_point = read_point(row, point);
    require(is_point, path.string(), ":", points.size() + 2, ": expected ", line_of(columns),
            ", found '", line_of(row), "'");
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

std::string to_csv(const std::vector<CurvePoint>& curve) {
  std::string csv = csv_line(kCurveColumns);
  for (const CurvePoint& point : curve)
    csv += csv_line({csv_text(point.step), point.split, point.metric,
                     std::isfinite(point.value) ? fmt::format("{:.9g}", point.value) : ""});
  return csv;
}

std::vector<CurvePoint> read_curve(const fs::path& trial_dir) {
  return read_points<CurvePoint>(trial_dir / "curve.csv", kCurveColumns);
}

std::vector<CurvePoint> curve_of(const Trial& trial) {
  return trial.damaged.count("curve.csv") ? std::vector<CurvePoint>() : read_curve(trial.dir);
}

std::string to_csv(const std::vector<DiagnosticPoint>& points) {
  std::string csv = csv_line(kDiagnosticColumns);
  for (const DiagnosticPoint& point : points)
    csv +=
        csv_line({csv_text(point.step), csv_text(point.layer), point.name, csv_text(point.value)});
  return csv;
}

std::vector<DiagnosticPoint> read_diagnostics(const fs::path& trial_dir) {
  return read_points<DiagnosticPoint>(trial_dir / "diagnostics.csv", kDiagnosticColumns);
}

std::vector<DiagnosticPoint> diagnostics_of(const Trial& trial) {
  return trial.damaged.count("diagnostics.csv") ? std::vector<DiagnosticPoint>()
                                                : read_diagnostics(trial.dir);
}

}  // namespace longhaul
