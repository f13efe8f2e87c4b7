#include "harness/report/html.h"

#include <fmt/format.h>

#include <algorithm>

namespace longhaul {
namespace {

// What stands behind a mean: " ±1.4*".
std::string behind_mean(const TableCell& cell) {
  return (cell.half_width.empty() ? "" : " ±" + cell.half_width) + (cell.at_baseline ? "*" : "");
}

// The room that every cell of a column leaves for it, in characters.
int64_t slot_of(const Table& table, std::size_t column) {
  int64_t width = 0;
  for (const auto& row : table.models)
    width = std::max(width, display_width(behind_mean(row[column])));
  return width;
}

std::string html_cell(const TableCell& cell, int64_t slot) {
  std::string html = fmt::format("<td{}{}>{}", cell.at_baseline ? " class=\"flat\"" : "",
                                 cell.number ? fmt::format(" data-value=\"{}\"", *cell.number) : "",
                                 html_text(cell.value));
  if (slot > 0)
    html += fmt::format("<i style=\"width:{}ch\">{}</i>", slot, html_text(behind_mean(cell)));
  if (!cell.remark.empty()) html += fmt::format("<small>{}</small>", html_text(cell.remark));
  return html + "</td>";
}

std::string html_rows(const std::vector<std::vector<TableCell>>& rows,
                      const std::vector<int64_t>& slots) {
  std::string html = "<tbody>\n";
  for (const auto& row : rows) {
    html += fmt::format("<tr><th scope=\"row\">{}</th>", html_text(row[0].value));
    for (std::size_t i = 1; i < row.size(); ++i) html += html_cell(row[i], slots[i]);
    html += "</tr>\n";
  }
  return html + "</tbody>\n";
}

}  // namespace

std::string html_text(const std::string& text) {
  std::string html;
  for (const char c : text) switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  return html;
}

std::string to_html(const Table& table) {
  std::vector<int64_t> slots;
  std::string html = fmt::format(
      "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\"><table>\n"
      "<caption><span>{0}</span></caption>\n<thead><tr>",
      html_text(table.title));
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    slots.push_back(slot_of(table, i));
    html += fmt::format("<th scope=\"col\">{}</th>", html_text(table.header[i]));
  }
  html += "</tr></thead>\n" + html_rows(table.models, slots);
  if (!table.baselines.empty()) html += html_rows(table.baselines, slots);
  html += "</table></div>\n";
  if (table.legend.empty()) return html;
  html += "<ul class=\"notes\">\n";
  for (const std::string& note : table.legend)
    html += fmt::format("<li>{}</li>\n", html_text(note));
  return html + "</ul>\n";
}

}  // namespace longhaul
