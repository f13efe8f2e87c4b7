#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tasks/files/table_file.h"

namespace longhaul::npy {

struct Array {
  std::vector<int64_t> shape;
  std::vector<std::string> values;  // row by row, the shortest text that reads back as the number
};

// Reads an array that numpy.save wrote: integers, floats of 4 or 8 bytes or booleans,
// little-endian, in C order. Throws Error naming `name`, what was found and what is allowed.
Array parse(std::string_view content, const std::string& name);

Array load(const std::filesystem::path& path);

// Inputs [n, length] or [n, length, channels] and answers [n] or [n, length] as a table of these
// two columns; without answers, of the first alone. `x_name` and `y_name` are what messages call
// them. Throws Error where their sizes do not suit.
table_file::Table table(const Array& x, const std::string& x_name, const Array* y,
                        const std::string& y_name, const std::string& input_column,
                        const std::string& answer_column);

}  // namespace longhaul::npy
