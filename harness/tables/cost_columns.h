#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/tables/summary.h"
#include "support/text_table.h"

namespace longhaul {

// A column of what a model costs.
struct CostColumn {
  std::string header;
  std::function<TableCell(const Row& row)> cell;
};

// Parameters, speed and memory of a row over all its trials, or as measured alone where the results
// hold that. They point into `results`.
std::vector<CostColumn> cost_columns(const Results& results);

// How they are to be read, in one line.
std::string cost_legend(const Results& results);

}  // namespace longhaul
