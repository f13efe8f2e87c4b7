#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace longhaul {

// A field of a table, still in parts that each format joins in its own way.
struct TableCell {
  std::string value;         // "63.2", or a word such as "diverged"
  std::string half_width{};  // "1.4"; empty: no interval
  std::string remark{};      // "1 of 3 failed"
  bool at_baseline = false;
  bool is_best = false;  // of its column
  // The same for programs: 0.632 and 0.014, bytes, tokens a second.
  std::optional<double> number{}, number_half_width{};
};

// A table for people: models by tasks, what each model costs, and the baselines below.
struct Table {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<TableCell>> models;     // one row each, the first field is the name
  std::vector<std::vector<TableCell>> baselines;  // chance, majority, shallow; may be empty
  std::vector<std::string> legend;                // a line each
  std::size_t scores = 0;  // how many columns behind the name are tasks; the others are costs
};

struct TextStyle {
  int64_t width = std::numeric_limits<int64_t>::max();  // columns of the terminal
  bool has_colour = false;                              // bold for the best, faint at the baseline
};

// Aligned for a terminal. Columns that do not fit beside the others stand below them, with the
// names again.
std::string to_text(const Table& table, const TextStyle& style = {});

// Columns that a terminal gives to UTF-8 text: none for combining marks, two for wide characters.
int64_t display_width(const std::string& text);

// Text in lines of at most `width`, broken between words.
std::string wrapped(const std::string& text, int64_t width);

// Line breaks and other control characters of a name, made visible.
std::string printable(const std::string& text);

}  // namespace longhaul
