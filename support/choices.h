#pragma once

#include <string>
#include <vector>

namespace longhaul {

// A choice (a loss, an optimizer, a CSV file ...) is a row of a table, and each row has a `name`.

template <class Row>
std::vector<std::string> names_of(const std::vector<Row>& rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return names;
}

// Whether it is a name as a registry takes it: lower-case letters, digits and '_', a letter first.
bool is_snake_case(const std::string& name);

// Throws Error: there is no such `kind`, what the nearest is, and which are known.
[[noreturn]] void refuse_name(const std::string& kind, const std::string& name,
                              const std::vector<std::string>& known);

// The row of that name. Throws Error with the nearest name; `kind` is what a row is, "loss".
template <class Row>
const Row& row_named(const std::string& kind, const std::string& name,
                     const std::vector<Row>& rows) {
  for (const Row& row : rows)
    if (row.name == name) return row;
  refuse_name(kind, name, names_of(rows));
}

}  // namespace longhaul
