#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "harness/record/csv.h"
#include "harness/record/export.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

const Names kColumns = {"step", "layer", "name", "value"};

DiagnosticPoint point_of(const Names& row) {
  DiagnosticPoint point{0, std::nullopt, row[2], std::numeric_limits<double>::quiet_NaN()};
  const bool is_whole = read_number(row[0], point.step) &&
                        (row[1].empty() || read_number(row[1], point.layer.emplace())) &&
                        (row[3].empty() || read_number(row[3], point.value));
  require(is_whole, "expected step, layer and value to be numbers, found '", row[0], "', '", row[1],
          "' and '", row[3], "'");
  return point;
}

}  // namespace

std::string to_csv(const std::vector<DiagnosticPoint>& points) {
  std::string csv = csv_line(kColumns);
  for (const DiagnosticPoint& point : points)
    csv +=
        csv_line({csv_text(point.step), csv_text(point.layer), point.name, csv_text(point.value)});
  return csv;
}

std::vector<DiagnosticPoint> read_diagnostics(const std::filesystem::path& trial_dir) {
  const std::filesystem::path path = trial_dir / "diagnostics.csv";
  std::vector<DiagnosticPoint> points;
  if (!std::filesystem::exists(path)) return points;  // of a trial that failed
  std::ostringstream all;
  all << std::ifstream(path).rdbuf();
  try {
    const CsvTable table = read_csv(all.str());
    require(table.columns == kColumns, "expected the columns step, layer, name, value");
    for (const Names& row : table.rows) points.push_back(point_of(row));
  } catch (const Error& error) {
    throw Error(text(path.string(), ": ", error.what()));
  }
  return points;
}

std::string diagnostics_csv(const Results& results) {
  Names columns = kColumns;
  columns.insert(columns.begin(), "trial");
  std::string csv = csv_line(columns);
  const auto add = [&](const Trial& trial) {
    if (!trial.record || trial.is_variant || trial.spec.diagnostics.empty()) return;
    for (const DiagnosticPoint& point : read_diagnostics(trial.dir))
      csv += csv_line({trial.id, csv_text(point.step), csv_text(point.layer), point.name,
                       csv_text(point.value)});
  };
  for (const Trial& trial : results.trials) add(trial);
  for (const Trial& trial : results.tuning) add(trial);
  return csv;
}

}  // namespace longhaul
