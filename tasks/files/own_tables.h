#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "longhaul/task.h"
#include "tasks/files/table_file.h"

namespace longhaul::own_tables {

// A table of inputs and answers, and which part of the data it is.
struct Part {
  table_file::Table table;
  std::optional<Split> split = std::nullopt;  // none: a column or a hash says
  bool carves = false;                        // of training: validation is a tenth of it
  std::filesystem::path folder = {};          // that cells with names of files are meant from
};

// What is read.
struct Wanted {
  std::string input, answer, split;  // columns
  std::string file_ending;           // ".wav" or ".png" where cells are names of files; "" else
  bool has_answers = true;
  bool is_text = false;  // which arrays do not hold
};

// The tables that `path` holds, a file or a folder, as docs/own-data.md tells: CSV, TSV, JSON
// lines, arrays of NumPy, and folders of files, where each folder's name is an answer. Throws Error
// saying what is missing.
std::vector<Part> read(const std::filesystem::path& path, const Wanted& wanted);

}  // namespace longhaul::own_tables
