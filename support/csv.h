#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace longhaul {

// CSV as RFC 4180 has it, lines ending in '\n': a field with a comma, quote or line break is
// quoted. What is missing is an empty field, never 0.
std::string csv_line(const std::vector<std::string>& fields);

// The shortest text that reads back as exactly this number, whatever the locale; not a number and
// infinities are missing.
std::string csv_text(double value);
template <std::integral T>
std::string csv_text(T value) {
  if constexpr (std::same_as<T, bool>) return value ? "true" : "false";
  return std::to_string(value);
}
template <class T>
std::string csv_text(const std::optional<T>& value) {
  return value ? csv_text(*value) : "";
}

struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};

// Reads back lines that csv_line wrote, the first of which names the columns. A last line without
// an end, of a writer that was cut off, is left out. Throws Error naming the file, which `name`
// says, and the line for a row of another length.
CsvTable read_csv(const std::string& csv, const std::string& name = "csv");

}  // namespace longhaul
