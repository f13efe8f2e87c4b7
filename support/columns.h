#pragma once

#include <functional>
#include <string>
#include <vector>

#include "support/csv.h"

namespace longhaul {

// A column of a CSV file: its name, what it means, and what it says of a row. Measured ones (time,
// memory, the machine) differ from run to run.
template <class Row>
struct Column {
  std::string name;
  const char* description;
  std::function<std::string(const Row&)> text;
  bool measured = false;
};

constexpr bool kMeasured = true;

// What is the same for columns of all kinds of rows.
struct ColumnInfo {
  std::string name, description;
  bool measured = false;
};

template <class Row>
std::vector<ColumnInfo> infos(const std::vector<Column<Row>>& columns) {
  std::vector<ColumnInfo> all;
  for (const Column<Row>& column : columns)
    all.push_back({column.name, column.description, column.measured});
  return all;
}

template <class Row>
std::string header(const std::vector<Column<Row>>& columns) {
  std::vector<std::string> names;
  for (const Column<Row>& column : columns) names.push_back(column.name);
  return csv_line(names);
}

template <class Row>
std::string line(const std::vector<Column<Row>>& columns, const Row& row) {
  std::vector<std::string> fields;
  for (const Column<Row>& column : columns) fields.push_back(column.text(row));
  return csv_line(fields);
}

}  // namespace longhaul
