#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/text_table.h"

namespace longhaul {

// What a table can show: the names that --metric takes, with those of notes in the records last.
std::vector<std::string> table_metrics(const Results& results);

// Throws Error naming the nearest if there is no such metric.
Table make_table(const Results& results, const std::string& metric = "accuracy");

}  // namespace longhaul
