#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/columns.h"

namespace longhaul {

// pairs.csv: each two models on a task, paired by seed; "" for fewer than two models.
std::string pairs_csv(const Results& results);
std::vector<ColumnInfo> pairs_columns();

}  // namespace longhaul
