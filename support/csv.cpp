#include "support/csv.h"

#include <charconv>
#include <cmath>
#include <utility>

#include "longhaul/error.h"

namespace longhaul {
namespace {

std::string csv_field(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string result = "\"";
  for (char c : field) result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += csv_field(field) + ',';
  if (line.empty()) return "\n";
  line.back() = '\n';
  return line;
}

std::string csv_text(double value) {
  if (!std::isfinite(value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

CsvTable read_csv(const std::string& csv, const std::string& name) {
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (is_quoted && c == '"' && i + 1 < csv.size() && csv[i + 1] == '"')
      fields.back() += csv[++i];
    else if (c == '"')
      is_quoted = !is_quoted;
    else if (!is_quoted && c == ',')
      fields.emplace_back();
    else if (!is_quoted && c == '\n')
      lines.push_back(std::exchange(fields, std::vector<std::string>(1)));
    else
      fields.back() += c;
  }
  CsvTable table;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    require(lines[i].size() == lines[0].size(), name, ":", i + 1, ": expected ", lines[0].size(),
            " fields, found ", lines[i].size());
    if (i > 0) table.rows.push_back(std::move(lines[i]));
  }
  if (!lines.empty()) table.columns = std::move(lines[0]);
  return table;
}

}  // namespace longhaul
