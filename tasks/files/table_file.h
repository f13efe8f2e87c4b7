#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace longhaul::table_file {

struct Row {
  int64_t line = 0;                 // at which it starts, from 1
  std::vector<std::string> fields;  // as many as columns
};

struct Table {
  std::string name;  // of the file
  std::vector<std::string> columns;
  std::vector<Row> rows;

  std::string place(const Row& row) const;  // "FILE:12: "
  // The place of a column; throws Error naming those that there are.
  std::size_t column(const std::string& name) const;
};

// CSV as RFC 4180 has it, with a line of column names, or the same with tabs: quoted fields may
// hold separators, line breaks and quotes, which are doubled. Lines end in "\n" or "\r\n". Throws
// Error naming file and line.
Table parse_separated(std::string_view content, char separator, const std::string& name);

// JSON lines: an object a line, the same keys in each. A list becomes its items with blanks
// between, a list of lists "1,2 3,4": a comma between the numbers of an inner one. Throws Error
// likewise.
Table parse_json_lines(std::string_view content, const std::string& name);

// One of these by the ending of its name: .csv, .tsv or .jsonl.
Table read(const std::filesystem::path& path);

}  // namespace longhaul::table_file
