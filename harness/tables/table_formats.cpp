#include "harness/tables/table_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "support/csv.h"

namespace longhaul {
namespace {

using Cells = std::vector<TableCell>;
using OrderedJson = nlohmann::ordered_json;

constexpr std::string_view kModel = "model";

// The whole field in one piece.
std::string plain(const TableCell& cell) {
  std::string text = cell.value;
  if (!cell.half_width.empty()) text += " ±" + cell.half_width;
  if (cell.at_baseline) text += "*";
  if (!cell.remark.empty()) text += " (" + cell.remark + ")";
  return text;
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
  // "[" behind the end of a row would open an option.
  static const std::pair<std::string_view, std::string_view> kReplaced[] = {
      {"\\", "\\textbackslash{}"},
      {"~", "\\textasciitilde{}"},
      {"^", "\\textasciicircum{}"},
      {"<", "\\textless{}"},
      {">", "\\textgreater{}"},
      {"|", "\\textbar{}"},
      {"[", "{[}"},
      {"±", "$\\pm$"},
      {"–", "--"},
      {"*", "$^{*}$"},
      {"&", "\\&"},
      {"%", "\\%"},
      {"$", "\\$"},
      {"#", "\\#"},
      {"_", "\\_"},
      {"{", "\\{"},
      {"}", "\\}"}};
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const auto found =
        std::find_if(std::begin(kReplaced), std::end(kReplaced), [&](const auto& replaced) {
          return std::string_view(text).substr(at, replaced.first.size()) == replaced.first;
        });
    if (found == std::end(kReplaced)) {
      result += text[at++];
    } else {
      result += found->second;
      at += found->first.size();
    }
  }
  return result;
}

// "diverged", "1 of 3 waiting": what the number of a cell does not say.
std::string note(const TableCell& cell) {
  return cell.number || cell.value == "-" ? cell.remark : cell.value;
}

// As programs read it: the number, or for a table without numbers the field.
std::string csv_field(const TableCell& cell, bool is_score) {
  if (cell.number) return csv_text(*cell.number);
  return is_score || cell.value == "-" ? "" : plain(cell);
}

OrderedJson json_row(const Table& table, const Cells& row, std::string_view kind) {
  OrderedJson cells = OrderedJson::object();
  for (std::size_t i = 1; i < row.size(); ++i) {
    const TableCell& cell = row[i];
    OrderedJson& shown = cells[table.header[i]] = OrderedJson::object();
    shown["text"] = plain(cell);
    shown["value"] = cell.number ? OrderedJson(*cell.number) : OrderedJson();
    if (cell.number_half_width) shown["half_width"] = *cell.number_half_width;
    if (i <= table.scores && kind == kModel) shown["at_baseline"] = cell.at_baseline;
    if (!note(cell).empty()) shown["note"] = note(cell);
  }
  return {{"name", row[0].value}, {"kind", kind}, {"cells", cells}};
}

std::vector<OrderedJson> json_rows(const Table& table) {
  std::vector<OrderedJson> rows;
  for (const Cells& row : table.models) rows.push_back(json_row(table, row, kModel));
  for (const Cells& row : table.baselines) rows.push_back(json_row(table, row, "baseline"));
  return rows;
}

// Bytes that are no UTF-8 are replaced, in names that are stored so.
std::string dumped(const OrderedJson& value, int indent) {
  return value.dump(indent, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_markdown(const Table& table) {
  std::string text = markdown(printable(table.title)) + "\n\n|";
  for (const std::string& name : table.header)
    text += fmt::format(" {} |", markdown(printable(name)));
  text += "\n|:---|";
  for (std::size_t i = 1; i < table.header.size(); ++i) text += "---:|";
  text += '\n';
  for (const auto* rows : {&table.models, &table.baselines})
    for (const Cells& row : *rows) {
      text += "|";
      for (const TableCell& cell : row)
        text += fmt::format(" {} |", markdown(printable(plain(cell))));
      text += '\n';
    }
  for (const std::string& note : table.legend) text += fmt::format("\n{}\n", markdown(note));
  return text;
}

std::string to_csv(const Table& table) {
  const auto is_score = [&](std::size_t column) { return 1 <= column && column <= table.scores; };
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.header.size(); ++i) {
    const std::string& name = table.header[i];
    names.push_back(name);
    if (is_score(i))
      names.insert(names.end(), {name + "_half_width", name + "_at_baseline", name + "_note"});
  }
  std::string text = csv_line(names);
  for (const auto* rows : {&table.models, &table.baselines})
    for (const Cells& row : *rows) {
      std::vector<std::string> fields = {row[0].value};
      for (std::size_t i = 1; i < row.size(); ++i) {
        fields.push_back(csv_field(row[i], is_score(i)));
        if (is_score(i))
          fields.insert(fields.end(),
                        {csv_text(row[i].number_half_width),
                         row[i].number && rows == &table.models ? csv_text(row[i].at_baseline) : "",
                         note(row[i])});
      }
      text += csv_line(fields);
    }
  return text;
}

std::string to_json(const std::vector<Table>& tables) {
  OrderedJson all = OrderedJson::array();
  for (const Table& table : tables)
    all.push_back({{"title", table.title},
                   {"columns", table.header},
                   {"rows", json_rows(table)},
                   {"legend", table.legend}});
  return dumped(all, 1);
}

std::string to_jsonl(const std::vector<Table>& tables) {
  std::string lines;
  for (const Table& table : tables)
    for (OrderedJson row : json_rows(table)) {
      row["table"] = table.title;
      lines += dumped(row, -1);
    }
  return lines;
}

std::string to_latex(const Table& table, const std::string& label) {
  const auto field = [](const TableCell& cell) {
    const std::string text = latex(printable(plain(cell)));
    return cell.is_best ? "\\textbf{" + text + "}" : text;
  };
  const auto line = [](const std::vector<std::string>& fields) {
    return fmt::format("    {} \\\\\n", fmt::join(fields, " & "));
  };
  const auto lines = [&](const std::vector<Cells>& rows) {
    std::string text;
    for (const Cells& row : rows) {
      std::vector<std::string> fields;
      for (const TableCell& cell : row) fields.push_back(field(cell));
      text += line(fields);
    }
    return text;
  };
  std::vector<std::string> header;
  for (const std::string& name : table.header) header.push_back(latex(printable(name)));
  std::string caption = latex(printable(table.title)) + '.';
  for (const std::string& sentence : table.legend)
    caption += fmt::format("\n    {}.", latex(sentence));
  return "% needs \\usepackage{booktabs}\n\\begin{table}\n  \\centering\n  \\begin{tabular}{l" +
         std::string(table.header.size() - 1, 'r') + "}\n    \\toprule\n" + line(header) +
         "    \\midrule\n" + lines(table.models) +
         (table.baselines.empty() ? "" : "    \\midrule\n") + lines(table.baselines) +
         "    \\bottomrule\n  \\end{tabular}\n  \\caption{" + caption + "}\n" +
         (label.empty() ? "" : "  \\label{" + label + "}\n") + "\\end{table}\n";
}

}  // namespace longhaul
