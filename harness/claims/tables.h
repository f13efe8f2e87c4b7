#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/csv.h"

namespace longhaul {

// The CSV files that a claim's numbers are taken from, by name without ".csv".
using Tables = std::map<std::string, CsvTable>;

// The columns of each file that a suite leaves (docs/results/csv.md). Where a file names its trials
// only, the columns of results.csv that say which these are follow: model, task, seed ...
std::map<std::string, std::vector<std::string>> exported_columns();
Tables exported_tables(const Results& results);

// Columns that a machine's speed and memory decide.
bool is_measured(const std::string& file, const std::string& column);

}  // namespace longhaul
