#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/columns.h"

namespace longhaul {

// results.csv: a row for each finished trial x evaluation length.
std::string results_csv(const Results& results);
std::vector<ColumnInfo> results_columns();
// That of one of the suite's metrics.
std::string metric_column(const std::string& metric);

}  // namespace longhaul
