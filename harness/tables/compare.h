#pragma once

#include <string>
#include <vector>

#include "harness/tables/metric.h"
#include "harness/tables/paired.h"
#include "harness/tables/results.h"
#include "support/text_table.h"

namespace longhaul {

// A cell of the table in two results folders, seed by seed.
struct ComparedCell {
  std::string model, task;  // as the table labels them; the task with its length: "mqar @256"
  Paired paired;
  std::string remark;  // "2 of 3 diverged in B"
  bool is_worse = false;
};

struct Comparison {
  Metric metric;
  double threshold = 0;
  std::vector<ComparedCell> cells;  // that both have
  std::vector<std::string> only;    // what one of the two alone has, a line each
  // What else differs between the two, a line each: builds, processors, data, settings.
  std::vector<std::string> differences;

  int64_t worse() const;
};

// Compares two results folders by a metric (metric.h), `before` and `after`. A cell is worse if its
// mean over the common seeds fell by more than `threshold`, or if a seed that went well before does
// not now. The threshold of scores is in percentage points; of others it is in percent of the value
// before. Metrics of which neither more nor less is better are never worse.
Comparison compare_results(const Results& before, const Results& after, const std::string& metric,
                           double threshold);

Table comparison_table(const Comparison& comparison);

}  // namespace longhaul
