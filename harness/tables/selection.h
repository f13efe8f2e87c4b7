#pragma once

#include <string>
#include <vector>

#include "harness/tables/results.h"
#include "support/text_table.h"

namespace longhaul {

// Which part of the results is shown. An empty list is everything.
struct Selection {
  std::vector<std::string> models;   // names of the suite's entries, or labels of rows: lru+masked
  std::vector<std::string> tasks;    // names of the suite's entries
  std::vector<std::string> columns;  // of a table behind the name, or of CSV files
};

// Leaves these models and tasks alone, so that ranks and p values are among them. Throws Error with
// the nearest name for one that the results do not have.
void select(Results& results, const Selection& selection);

// The table with these columns behind the name, in this order, tasks before costs. A name may leave
// out the length behind @, and then stands for all lengths; "tasks" stands for all tasks. Throws
// Error with the nearest name for one that it does not have.
Table with_columns(const Table& table, const std::vector<std::string>& columns);

}  // namespace longhaul
