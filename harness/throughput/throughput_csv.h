#pragma once

#include <string>
#include <vector>

#include "harness/throughput/throughput_record.h"
#include "support/columns.h"

namespace longhaul {

// A row for each model x phase x length x batch, with exponents fitted over `rows`; "" without
// rows.
std::string throughput_csv(const std::vector<ThroughputRow>& rows);
std::vector<ColumnInfo> throughput_columns();

}  // namespace longhaul
