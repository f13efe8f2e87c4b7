#include "harness/record/csv.h"

#include <charconv>
#include <cmath>

namespace longhaul {
namespace {

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string result = "\"";
  for (char c : field) result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) line += quoted(field) + ',';
  if (line.empty()) return "\n";
  line.back() = '\n';
  return line;
}

std::string csv_text(double value) {
  if (!std::isfinite(value)) return "";
  char buffer[32];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace longhaul
