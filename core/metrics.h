#pragma once

#include <vector>

#include "longhaul/metric.h"

namespace longhaul {

// The table of built-in metrics, which every Registry begins with and every test measures: a row,
// and its functions, are all that one consists of.
const std::vector<MetricInfo>& builtin_metrics();

}  // namespace longhaul
