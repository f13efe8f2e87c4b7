#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longhaul {

// A field of a table, still in parts that each format joins in its own way.
struct TableCell {
  std::string value;         // "63.2", or a word such as "diverged"
  std::string half_width{};  // "1.4"; empty: no interval
  std::string remark{};      // "1 of 3 failed"
  bool at_baseline = false;
};

// A table for people: models by tasks, what each model costs, and the baselines below.
struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<TableCell>> models;     // one row each, the first field is the name
  std::vector<std::vector<TableCell>> baselines;  // chance, majority, shallow; may be empty
  std::vector<std::string> legend;                // a line each
};

std::string to_text(const Table& table);  // aligned for a terminal
std::string to_markdown(const Table& table);
std::string to_csv(const Table& table);    // fields as people read them, without title and legend
std::string to_latex(const Table& table);  // needs booktabs

// Columns that a terminal gives to UTF-8 text: none for combining marks, two for wide characters.
int64_t display_width(const std::string& text);

}  // namespace longhaul
