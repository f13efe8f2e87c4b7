#pragma once

#include <filesystem>

#include "harness/tables/results.h"

namespace longhaul {

// The trials of a results.csv that `longhaul export` wrote, also of an older version: what has no
// column keeps its default. It has no curves, no diagnostics and no times measured alone. Throws
// Error naming the file, the line and the column of what cannot be read.
Results results_from_csv(const std::filesystem::path& file);

}  // namespace longhaul
