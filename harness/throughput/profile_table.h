#pragma once

#include <vector>

#include "harness/throughput/profile_record.h"
#include "support/text_table.h"

namespace longhaul {

// A table for each row: kinds of operators by what they take, the longest first. The last one
// explains the columns, and says why rows are missing.
std::vector<Table> profile_tables(const std::vector<ProfileRow>& rows);

}  // namespace longhaul
