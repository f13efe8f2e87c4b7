#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/record/csv.h"
#include "harness/record/export.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

const Names kColumns = {"step", "layer", "name", "value"};

// The lines of a trial's own file, which is missing where the trial failed.
std::vector<Names> read_rows(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  std::ostringstream all;
  all << std::ifstream(path).rdbuf();
  try {
    CsvTable table = read_csv(all.str());
    require(table.columns == kColumns, "expected the columns step, layer, name, value");
    return std::move(table.rows);
  } catch (const Error& error) {
    throw Error(text(path.string(), ": ", error.what()));
  }
}

}  // namespace

std::string to_csv(const std::vector<DiagnosticPoint>& points) {
  std::string csv = csv_line(kColumns);
  for (const DiagnosticPoint& point : points)
    csv +=
        csv_line({csv_text(point.step), csv_text(point.layer), point.name, csv_text(point.value)});
  return csv;
}

std::string diagnostics_csv(const Results& results) {
  Names columns = kColumns;
  columns.insert(columns.begin(), "trial");
  std::string csv = csv_line(columns);
  const auto add = [&](const Trial& trial) {
    if (!trial.record || trial.is_variant || trial.spec.diagnostics.empty()) return;
    for (Names row : read_rows(trial.dir / "diagnostics.csv")) {
      row.insert(row.begin(), trial.id);
      csv += csv_line(row);
    }
  };
  for (const Trial& trial : results.trials) add(trial);
  for (const Trial& trial : results.tuning) add(trial);
  return csv;
}

}  // namespace longhaul
