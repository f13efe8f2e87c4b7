#pragma once

#include <string>

#include "harness/tables/results.h"
#include "support/text_table.h"

namespace longhaul {

// Models by tasks, with the baselines, what each model costs, and how to read it. `metric` is one
// of metrics() in metric.h; throws Error naming the nearest if there is no such metric.
Table make_table(const Results& results, const std::string& metric = "accuracy");

}  // namespace longhaul
