#include "harness/results/points.h"

#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include "longhaul/error.h"
#include "support/csv.h"

namespace longhaul {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCurveHeader = "step,split,metric,value";

// "step,split,metric,value", or nothing if the line is not of that form.
std::optional<CurvePoint> parse_point(const std::string& line) {
  std::vector<std::string> fields(1);
  for (char c : line)
    if (c == ',')
      fields.emplace_back();
    else
      fields.back() += c;
  if (fields.size() != 4) return std::nullopt;
  CurvePoint point{0, fields[1], fields[2], std::numeric_limits<double>::quiet_NaN()};
  if (!read_number(fields[0], point.step)) return std::nullopt;
  if (!fields[3].empty() && !read_number(fields[3], point.value)) return std::nullopt;
  return point;
}

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

std::string to_csv(const std::vector<CurvePoint>& curve) {
  std::string csv = std::string(kCurveHeader) + "\n";
  for (const CurvePoint& point : curve)
    csv += csv_line({csv_text(point.step), point.split, point.metric, csv_text(point.value)});
  return csv;
}

std::vector<CurvePoint> read_curve(const fs::path& trial_dir) {
  const fs::path path = trial_dir / "curve.csv";
  std::ifstream in(path, std::ios::binary);
  std::vector<CurvePoint> curve;
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (in.eof()) break;  // no newline at its end: the writer was cut off
    if (number == 1) {
      require(line == kCurveHeader, path.string(), ":1: expected the header '", kCurveHeader,
              "', found '", line, "'");
      continue;
    }
    const std::optional<CurvePoint> point = parse_point(line);
    require(point.has_value(), path.string(), ":", number,
            ": expected step,split,metric,value, found '", line, "'");
    curve.push_back(*point);
  }
  return curve;
}

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

}  // namespace longhaul
