#include "support/text_table.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <utility>

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
  const std::size_t sign = cell.value.find_first_of("+-") == 0 ? 1 : 0;
  return cell.value.size() > sign && std::isdigit(static_cast<unsigned char>(cell.value[sign]));
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

// A row in bold where it is the best, faint where no learning shows.
std::string coloured(const TableCell& cell, const std::string& text) {
  if (cell.at_baseline) return "\x1b[2m" + text + "\x1b[0m";
  return cell.is_best ? "\x1b[1m" + text + "\x1b[0m" : text;
}

// Columns of costs have none.
bool has_baselines(const Table& table, std::size_t begin, std::size_t end) {
  return std::any_of(table.baselines.begin(), table.baselines.end(), [&](const auto& row) {
    return std::any_of(row.begin() + begin, row.begin() + end,
                       [](const TableCell& cell) { return !cell.value.empty(); });
  });
}

// Where the columns of a table stand.
class Layout {
 public:
  explicit Layout(const Table& table) : table_(table), parts_(table.header.size()) {
    for (std::size_t i = 0; i < table.header.size(); ++i) {
      for (const auto* row : all_rows(table)) parts_[i].admit((*row)[i], is_number((*row)[i]));
      widths_.push_back(std::max(display_width(printable(table.header[i])), parts_[i].total()));
    }
  }

  // Columns [begin, end) that stand side by side within `width`, behind the names; a column that is
  // too wide for it stands alone.
  std::vector<std::pair<std::size_t, std::size_t>> bands(int64_t width) const {
    std::vector<std::pair<std::size_t, std::size_t>> all;
    for (std::size_t i = 1; i < widths_.size(); ++i)
      if (!all.empty() && width_of(all.back().first, i + 1) <= width)
        all.back().second = i + 1;
      else
        all.emplace_back(i, i + 1);
    if (all.empty()) all.emplace_back(1, 1);
    return all;
  }

  int64_t width_of(std::size_t begin, std::size_t end) const {
    int64_t width = widths_[0];
    for (std::size_t i = begin; i < end; ++i) width += 2 + widths_[i];
    return width;
  }

  std::string header(std::size_t begin, std::size_t end) const {
    std::string text = padded_right(printable(table_.header[0]), widths_[0]);
    for (std::size_t i = begin; i < end; ++i)
      text.append(2, ' ').append(padded_left(printable(table_.header[i]), widths_[i]));
    return text + '\n';
  }

  std::string line(const std::vector<TableCell>& row, std::size_t begin, std::size_t end,
                   bool has_colour) const {
    std::string text = padded_right(printable(row[0].value), widths_[0]);
    for (std::size_t i = begin; i < end; ++i) {
      const std::string field = padded_left(aligned(row[i], parts_[i]), widths_[i]);
      text.append(2, ' ').append(has_colour ? coloured(row[i], field) : field);
    }
    return without_trailing_spaces(text);
  }

 private:
  const Table& table_;
  std::vector<ColumnWidths> parts_;
  std::vector<int64_t> widths_;
};

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

std::string wrapped(const std::string& text, int64_t width) {
  std::string lines;
  int64_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (column > 0 && column + 1 + display_width(word) > width) {
      lines += '\n';
      column = 0;
    }
    if (column > 0) lines += ' ';
    lines += word;
    column += (column > 0) + display_width(word);
    at = end + 1;
  }
  return lines;
}

std::string to_text(const Table& table, const TextStyle& style) {
  const Layout layout(table);
  std::string text = wrapped(printable(table.title), style.width) + "\n";
  for (const auto& [begin, end] : layout.bands(style.width)) {
    const std::string rule(layout.width_of(begin, end), '-');
    text += '\n' + layout.header(begin, end) + rule + '\n';
    for (const auto& row : table.models) text += layout.line(row, begin, end, style.has_colour);
    if (!has_baselines(table, begin, end)) continue;
    text += rule + '\n';
    for (const auto& row : table.baselines) text += layout.line(row, begin, end, style.has_colour);
  }
  text += '\n';
  for (const std::string& note : table.legend) text += wrapped(printable(note), style.width) + '\n';
  return text;
}

}  // namespace longhaul
