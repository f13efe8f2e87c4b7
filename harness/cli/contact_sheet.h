#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "longhaul/task.h"

namespace longhaul {

// Writes the examples of a task with a picture() side by side into one grey PNG, row by row, about
// as many rows as columns; small pictures are enlarged by a whole number. Returns how many stand in
// a row. Throws std::system_error where the file cannot be written.
int64_t write_contact_sheet(const std::filesystem::path& path, const Task& task,
                            const std::vector<Example>& examples);

}  // namespace longhaul
