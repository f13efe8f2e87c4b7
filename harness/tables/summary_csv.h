#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/columns.h"

namespace longhaul {

// summary.csv: a row for each cell of the table.
std::string summary_csv(const Results& results);
std::vector<ColumnInfo> summary_columns();

}  // namespace longhaul
