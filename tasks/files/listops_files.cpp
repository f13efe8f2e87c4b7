#include "tasks/files/listops_files.h"

#include <algorithm>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "tasks/files/listops_expression.h"

namespace longhaul::listops {
namespace {

using data::DataFile;
using data::Line;

constexpr const char* kHeader = "Source\tTarget";
constexpr int64_t kLongest = 100'000;  // tokens; those of the release have fewer than 2000

DataFile open(const std::string& folder, const char* name) {
  return DataFile(std::filesystem::path(folder) / name);
}

// Errors of `parse_row` lack their place, which costs to name.
Example parse_row(std::string_view row) {
  const std::size_t tab = row.find('\t');
  require(tab != std::string_view::npos, "found no tab, allowed: expression, tab, target");
  const std::string_view target = row.substr(tab + 1);
  require(target.size() == 1 && target[0] >= '0' && target[0] <= '9', "found the target ",
          data::quoted(target), ", allowed: 0 .. 9");
  return {.tokens = parse(row.substr(0, tab)), .targets = {target[0] - '0'}};
}

Example parse_row(const DataFile& file, const Line& line, std::string_view row, bool check_value) {
  try {
    Example example = parse_row(row);
    if (check_value) {
      const int32_t value = evaluate(example.tokens);
      require(value == example.targets[0], "found the target ", example.targets[0],
              ", but the expression's value is ", value);
    }
    return example;
  } catch (const Error& error) {
    throw Error(data::place(file, line) + error.what());
  }
}

}  // namespace

Files::Files(const std::string& folder)
    : files_{open(folder, "basic_train.tsv"), open(folder, "basic_val.tsv"),
             open(folder, "basic_test.tsv")} {
  for (Split split : {Split::train, Split::validation, Split::test}) {
    const DataFile& file = files_[static_cast<std::size_t>(split)];
    data::for_each_line(file, [&](const Line& line, std::string_view row) {
      if (line.number == 1) {
        require(row == kHeader, data::place(file, line), "found ", data::quoted(row),
                ", allowed: the header Source<TAB>Target");
        return;
      }
      const Example example = parse_row(file, line, row, true);
      const auto length = static_cast<int64_t>(example.tokens.size());
      require(length <= kLongest, data::place(file, line), "found ", length,
              " tokens, allowed: at most ", kLongest);
      max_length_ = std::max(max_length_, length);
      rows_.add(split, line, hash_bytes(example.tokens.data(), length * sizeof(int32_t)));
    });
  }
  rows_.separate(folder);
}

Example Files::at(Split split, int64_t index) const {
  const Line& line = rows_.at(split, index);
  const DataFile& file = files_[static_cast<std::size_t>(split)];
  return parse_row(file, line, file.read(line.offset, line.bytes), false);
}

}  // namespace longhaul::listops
