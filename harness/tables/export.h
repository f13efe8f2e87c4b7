#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/tables/results.h"

namespace longhaul {

// The CSV files of a results folder, as whole texts. Columns, units and meaning: docs/results.md.
std::string results_csv(const Results& results);  // a row for each trial x evaluation length
std::string summary_csv(const Results& results);  // a row for each cell of the table
std::string curves_csv(const Results& results);   // a row for each point of each finished trial
// A row for each number that the suite's `diagnostics:` ask for, of each finished trial.
std::string diagnostics_csv(const Results& results);

// Columns of results.csv and summary.csv that measure time, memory or the machine. All others are
// the same, byte for byte, when a suite runs again or on another number of threads (unless its
// budget is one of seconds).
std::vector<std::string> measured_columns();

// Writes the files above that have rows into `folder`, which is created, and returns their paths.
// Throws Error naming a damaged curve.csv or diagnostics.csv, std::system_error if a file cannot be
// written.
std::vector<std::filesystem::path> export_csv(const Results& results,
                                              const std::filesystem::path& folder);

}  // namespace longhaul
