#pragma once

#include <string>
#include <vector>

#include "harness/throughput/profile_record.h"
#include "support/columns.h"

namespace longhaul {

// profile.csv: a row for each model x phase x length x kind of operator, and one without a kind for
// what could not be profiled; "" without rows.
std::string profile_csv(const std::vector<ProfileRow>& rows);
std::vector<ColumnInfo> profile_columns();

}  // namespace longhaul
