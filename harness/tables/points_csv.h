#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/columns.h"

namespace longhaul {

// curves.csv: what finished trials found while they trained.
std::string curves_csv(const Results& results);
std::vector<ColumnInfo> curves_columns();

// diagnostics.csv: what the suite's `diagnostics:` ask for, of finished trials.
std::string diagnostics_csv(const Results& results);
std::vector<ColumnInfo> diagnostics_columns();
bool has_diagnostics(const Results& results);  // whether any trial asks for them

}  // namespace longhaul
