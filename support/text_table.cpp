#include "support/text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <numeric>
#include <utility>

#include "support/csv.h"

namespace longhaul {
namespace {

// One character of UTF-8 text; a byte that is not part of one counts as itself.
struct Character {
  char32_t code;
  std::size_t bytes;
};

Character character_at(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  if (bytes == 1 || at + bytes > text.size()) return {lead, 1};
  char32_t code = lead & (0xFF >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {lead, 1};
    code = code << 6 | (byte(at + i) & 0x3F);
  }
  return {code, bytes};
}

using Range = std::pair<char32_t, char32_t>;

template <std::size_t N>
bool in(const std::array<Range, N>& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
    return range.first <= code && code <= range.second;
  });
}

// Combining marks, joiners and variation selectors.
constexpr std::array<Range, 8> kNoWidth = {{{0x0300, 0x036F},
                                            {0x1AB0, 0x1AFF},
                                            {0x1DC0, 0x1DFF},
                                            {0x200B, 0x200F},
                                            {0x20D0, 0x20FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFE20, 0xFE2F},
                                            {0xE0100, 0xE01EF}}};
// East Asian wide and full-width characters, and pictographs.
constexpr std::array<Range, 10> kTwoWide = {{{0x1100, 0x115F},
                                             {0x2E80, 0x303E},
                                             {0x3041, 0xA4CF},
                                             {0xAC00, 0xD7A3},
                                             {0xF900, 0xFAFF},
                                             {0xFE30, 0xFE6F},
                                             {0xFF00, 0xFF60},
                                             {0x1F300, 0x1F64F},
                                             {0x1F900, 0x1F9FF},
                                             {0x20000, 0x3FFFD}}};

std::string padded_left(const std::string& text, int64_t width) {
  return std::string(std::max<int64_t>(0, width - display_width(text)), ' ') + text;
}

std::string padded_right(const std::string& text, int64_t width) {
  return text + std::string(std::max<int64_t>(0, width - display_width(text)), ' ');
}

// Line breaks and other control characters of a name, made visible.
std::string printable(const std::string& text) {
  std::string result;
  for (unsigned char c : text)
    if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (c < 0x20 || c == 0x7F)
      result += '?';
    else
      result += static_cast<char>(c);
  return result;
}

// The whole field in one piece.
std::string plain(const TableCell& cell) {
  std::string text = cell.value;
  if (!cell.half_width.empty()) text += " ±" + cell.half_width;
  if (cell.at_baseline) text += "*";
  if (!cell.remark.empty()) text += " (" + cell.remark + ")";
  return text;
}

std::vector<const std::vector<TableCell>*> all_rows(const Table& table) {
  std::vector<const std::vector<TableCell>*> rows;
  for (const auto& row : table.models) rows.push_back(&row);
  for (const auto& row : table.baselines) rows.push_back(&row);
  return rows;
}

// How wide the parts of a column are, so that its means, intervals and marks stand in line.
struct ColumnWidths {
  int64_t value = 0, half_width = 0, mark = 0, word = 0, remark = 0;

  void admit(const TableCell& cell, bool is_number) {
    (is_number ? value : word) =
        std::max(is_number ? value : word, display_width(printable(cell.value)));
    half_width = std::max(half_width, display_width(cell.half_width));
    mark = std::max<int64_t>(mark, cell.at_baseline);
    remark = std::max(remark, display_width(cell.remark));
  }
  int64_t number() const { return value + (half_width ? half_width + 2 : 0) + mark; }
  int64_t body() const { return std::max(number(), word); }
  int64_t total() const { return body() + (remark ? remark + 3 : 0); }
};

bool is_number(const TableCell& cell) {
  return !cell.value.empty() && std::isdigit(static_cast<unsigned char>(cell.value[0]));
}

std::string aligned(const TableCell& cell, const ColumnWidths& widths) {
  std::string text = printable(cell.value);
  if (is_number(cell)) {
    text = padded_left(text, widths.value);
    if (!cell.half_width.empty()) text += " ±" + cell.half_width;
    text = padded_right(text, widths.number() - widths.mark);
    text = padded_right(text + (cell.at_baseline ? "*" : ""), widths.number());
  }
  text = padded_left(text, widths.body());
  return padded_right(cell.remark.empty() ? text : text + " (" + cell.remark + ")", widths.total());
}

std::string without_trailing_spaces(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

std::string markdown(const std::string& text) {
  static const std::string kSpecial = "\\`*_[]<>|~#$";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_word = [&](std::size_t at) {
      return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at]));
    };
    const bool inside_word = text[i] == '_' && i > 0 && is_word(i - 1) && is_word(i + 1);
    if (text[i] == '&') {
      result += "&amp;";
      continue;
    }
    if (kSpecial.find(text[i]) != std::string::npos && !inside_word) result += '\\';
    result += text[i];
  }
  return result;
}

std::string latex(const std::string& text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    switch (character.code) {
      case U'\\':
        result += "\\textbackslash{}";
        break;
      case U'~':
        result += "\\textasciitilde{}";
        break;
      case U'^':
        result += "\\textasciicircum{}";
        break;
      case U'<':
        result += "\\textless{}";
        break;
      case U'>':
        result += "\\textgreater{}";
        break;
      case U'|':
        result += "\\textbar{}";
        break;
      case U'[':  // behind the end of a row it would open an option
        result += "{[}";
        break;
      case U'±':
        result += "$\\pm$";
        break;
      case U'–':
        result += "--";
        break;
      case U'*':
        result += "$^{*}$";
        break;
      case U'&':
      case U'%':
      case U'$':
      case U'#':
      case U'_':
      case U'{':
      case U'}':
        result += '\\';
        [[fallthrough]];
      default:
        result += text.substr(at, character.bytes);
    }
    at += character.bytes;
  }
  return result;
}

}  // namespace

int64_t display_width(const std::string& text) {
  int64_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    width += in(kNoWidth, character.code) ? 0 : in(kTwoWide, character.code) ? 2 : 1;
    at += character.bytes;
  }
  return width;
}

std::string to_text(const Table& table) {
  std::vector<ColumnWidths> parts(table.header.size());
  std::vector<int64_t> widths;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    for (const auto* row : all_rows(table)) parts[i].admit((*row)[i], is_number((*row)[i]));
    widths.push_back(std::max(display_width(printable(table.header[i])), parts[i].total()));
  }
  const auto line = [&](const std::vector<TableCell>& row) {
    std::string text = padded_right(printable(row[0].value), widths[0]);
    for (std::size_t i = 1; i < row.size(); ++i)
      text.append(2, ' ').append(padded_left(aligned(row[i], parts[i]), widths[i]));
    return without_trailing_spaces(text);
  };

  std::string text = printable(table.title) + "\n\n" + padded_right("model", widths[0]);
  for (std::size_t i = 1; i < table.header.size(); ++i)
    text.append(2, ' ').append(padded_left(printable(table.header[i]), widths[i]));
  const int64_t total = std::accumulate(widths.begin(), widths.end(), int64_t{0});
  const std::string rule(total + 2 * (widths.size() - 1), '-');
  text += '\n' + rule + '\n';
  for (const auto& row : table.models) text += line(row);
  if (!table.baselines.empty()) text += rule + '\n';
  for (const auto& row : table.baselines) text += line(row);
  text += '\n';
  for (const std::string& note : table.legend) text += printable(note) + '\n';
  return text;
}

std::string to_markdown(const Table& table) {
  std::string text = markdown(printable(table.title)) + "\n\n|";
  for (const std::string& name : table.header)
    text += fmt::format(" {} |", markdown(printable(name)));
  text += "\n|:---|";
  for (std::size_t i = 1; i < table.header.size(); ++i) text += "---:|";
  text += '\n';
  for (const auto* row : all_rows(table)) {
    text += "|";
    for (const TableCell& cell : *row)
      text += fmt::format(" {} |", markdown(printable(plain(cell))));
    text += '\n';
  }
  for (const std::string& note : table.legend) text += fmt::format("\n{}\n", markdown(note));
  return text;
}

std::string to_csv(const Table& table) {
  std::string text = csv_line(table.header);
  for (const auto* row : all_rows(table)) {
    std::vector<std::string> fields;
    for (const TableCell& cell : *row) fields.push_back(plain(cell));
    text += csv_line(fields);
  }
  return text;
}

std::string to_latex(const Table& table) {
  const auto line = [](const std::vector<std::string>& fields) {
    std::string text = "    ";
    for (std::size_t i = 0; i < fields.size(); ++i)
      text += (i ? " & " : "") + latex(printable(fields[i]));
    return text + " \\\\\n";
  };
  const auto lines = [&](const std::vector<std::vector<TableCell>>& rows) {
    std::string text;
    for (const auto& row : rows) {
      std::vector<std::string> fields;
      for (const TableCell& cell : row) fields.push_back(plain(cell));
      text += line(fields);
    }
    return text;
  };
  std::string caption = latex(printable(table.title)) + '.';
  for (const std::string& note : table.legend) caption += fmt::format("\n    {}.", latex(note));
  return "% needs \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n  \\begin{tabular}{l" +
         std::string(table.header.size() - 1, 'r') + "}\n    \\toprule\n" + line(table.header) +
         "    \\midrule\n" + lines(table.models) +
         (table.baselines.empty() ? "" : "    \\midrule\n") + lines(table.baselines) +
         "    \\bottomrule\n  \\end{tabular}\n  \\caption{" + caption + "}\n\\end{table}\n";
}

}  // namespace longhaul
