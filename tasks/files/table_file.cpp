#include "tasks/files/table_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "longhaul/error.h"
#include "longhaul/options.h"
#include "tasks/files/data_file.h"

namespace longhaul::table_file {
namespace {

using nlohmann::json;

constexpr int64_t kMostBytes = int64_t{1} << 30;  // all of it is held in memory

std::string at_line(const std::string& name, int64_t line) { return text(name, ':', line, ": "); }

// Fields of one record after the other.
class Separated {
 public:
  Separated(std::string_view content, char separator, const std::string& name)
      : rest_(content), separator_(separator), name_(name) {
    if (rest_.starts_with("\xef\xbb\xbf"))
      rest_.remove_prefix(3);  // a mark that spreadsheets write
  }

  bool done() const { return rest_.empty(); }

  Row record() {
    Row row{line_, {}};
    for (;;) {
      row.fields.push_back(field());
      if (rest_.empty()) return row;
      const char end = rest_[0];
      rest_.remove_prefix(1);
      if (end == separator_) continue;
      if (end == '\r' && !rest_.empty() && rest_[0] == '\n') rest_.remove_prefix(1);
      ++line_;
      return row;
    }
  }

 private:
  std::string field() {
    if (rest_.empty() || rest_[0] != '"') {
      const char ends[] = {separator_, '\n', '\r'};
      const std::size_t size = std::min(rest_.find_first_of({ends, 3}), rest_.size());
      const std::string found(rest_.substr(0, size));
      rest_.remove_prefix(size);
      require(found.find('\0') == std::string::npos, at_line(name_, line_),
              "holds a zero byte: not a text file");
      return found;
    }
    const int64_t opened = line_;
    std::string found;
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t quote = rest_.find('"');
      require(quote != std::string_view::npos, at_line(name_, opened), "a quote is not closed");
      found += rest_.substr(0, quote);
      rest_.remove_prefix(quote + 1);
      if (rest_.empty() || rest_[0] != '"') break;
      found += '"';
      rest_.remove_prefix(1);
    }
    line_ += std::count(found.begin(), found.end(), '\n');
    require(rest_.empty() || rest_[0] == separator_ || rest_[0] == '\n' || rest_[0] == '\r',
            at_line(name_, line_), "found ", data::quoted(rest_.substr(0, 1)),
            " after a closing quote, allowed: a separator or the end of the line");
    return found;
  }

  std::string_view rest_;
  char separator_;
  const std::string& name_;
  int64_t line_ = 1;
};

std::string scalar_text(const json& value, const std::string& where) {
  if (value.is_string()) return value.get<std::string>();
  require(value.is_primitive() && !value.is_null(), where, "found ",
          value.is_null() ? "null" : value.type_name(),
          ", allowed: text, a number, true, false, a list of them, or a list of lists of numbers");
  return value.dump();
}

std::string field_text(const json& value, const std::string& where) {
  if (!value.is_array()) return scalar_text(value, where);
  std::string field;
  for (const json& item : value) {
    if (!field.empty()) field += ' ';
    if (!item.is_array()) {
      field += scalar_text(item, where);
      continue;
    }
    std::string inner;
    for (const json& part : item) inner += (inner.empty() ? "" : ",") + scalar_text(part, where);
    field += inner;
  }
  return field;
}

}  // namespace

std::string Table::place(const Row& row) const { return at_line(name, row.line); }

std::size_t Table::column(const std::string& wanted) const {
  const auto found = std::find(columns.begin(), columns.end(), wanted);
  if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
  std::string known;
  for (const std::string& one : columns) known += (known.empty() ? "" : ", ") + one;
  const std::string near = nearest(wanted, columns);
  throw Error(text(name, ": has no column ", data::quoted(wanted),
                   near.empty() ? "" : "; did you mean " + data::quoted(near) + "?",
                   " Columns: ", known));
}

Table parse_separated(std::string_view content, char separator, const std::string& name) {
  Separated reader(content, separator, name);
  require(!reader.done(), name, ": is empty");
  Table table{name, reader.record().fields, {}};
  const std::set<std::string> distinct(table.columns.begin(), table.columns.end());
  require(distinct.size() == table.columns.size(), name, ":1: a column comes twice");
  while (!reader.done()) {
    Row row = reader.record();
    const bool is_blank = row.fields.size() == 1 && row.fields[0].empty();
    if (is_blank && table.columns.size() > 1) continue;
    require(row.fields.size() == table.columns.size(), table.place(row), "has ", row.fields.size(),
            " fields, the first line names ", table.columns.size());
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table parse_json_lines(std::string_view content, const std::string& name) {
  Table table{name, {}, {}};
  for (int64_t line = 1; !content.empty(); ++line) {
    const std::string_view found = content.substr(0, content.find('\n'));
    content.remove_prefix(std::min(content.size(), found.size() + 1));
    if (found.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const std::string where = at_line(name, line);
    std::size_t keys = 0;
    const auto count_keys = [&](int depth, json::parse_event_t event, json&) {
      keys += depth == 1 && event == json::parse_event_t::key;
      return true;
    };
    const json object = json::parse(found, count_keys, false);
    require(object.is_object(), where, "found ", data::quoted(found), ", allowed: a JSON object");
    require(keys == object.size(), where, "a key is given twice");
    if (table.columns.empty())
      for (const auto& [key, value] : object.items()) table.columns.push_back(key);
    Row row{line, {}};
    for (const std::string& column : table.columns) {
      require(object.contains(column), where, "has no key ", data::quoted(column),
              ", which the first object has");
      row.fields.push_back(field_text(object[column], where));
    }
    require(object.size() == table.columns.size(), where, "has keys that the first object lacks");
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table read(const std::filesystem::path& path) {
  const std::string ending = path.extension().string(), name = path.string();
  require(ending == ".csv" || ending == ".tsv" || ending == ".jsonl", name,
          ": allowed: files that end in .csv, .tsv or .jsonl");
  const std::string content = data::read_all(path, kMostBytes);
  if (ending == ".jsonl") return parse_json_lines(content, name);
  return parse_separated(content, ending == ".csv" ? ',' : '\t', name);
}

}  // namespace longhaul::table_file
