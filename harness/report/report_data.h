#pragma once

#include <string>
#include <vector>

#include "harness/report/report_page.h"
#include "harness/tables/results.h"
#include "harness/tables/summary.h"

namespace longhaul {

// What the sections of a report share.
struct Report {
  const Results& results;
  std::vector<Row> rows;           // of the table
  std::vector<std::string> tasks;  // its columns
  std::vector<ResultCell> cells;
  std::vector<std::string> columns = {};  // of the first table; none: all

  explicit Report(const Results& of);
  // A model looks the same in every picture.
  PlotStyle style(const std::string& label) const;
  std::vector<LegendEntry> legend() const;  // the rows
  // The trials of a row on a task that went well, once each: their files hold what was measured on
  // the way.
  std::vector<const Trial*> trained(const Row& row, const std::string& task) const;

 private:
  std::vector<std::string> labels_;  // of rows, then of models that were timed alone
};

// Lines over x from the curves of several seeds: their mean, with the least and the greatest as its
// spread, where all have the same x; else a line for each seed.
std::vector<PlotSeries> over_seeds(const std::vector<std::vector<PlotPoint>>& seeds,
                                   const PlotStyle& style);

}  // namespace longhaul
