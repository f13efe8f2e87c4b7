#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/report/report_page.h"
#include "harness/tables/results.h"

namespace longhaul {

// Whether there is anything to report: a finished trial or a throughput.
bool has_report(const Results& results);

// What stands before all else on a page.
struct ReportHead {
  std::string title;
  std::function<void(Page&)> add;
};

// What a results folder holds as one HTML page that needs nothing beside itself: the table, what it
// cost, sizes of state, curves, lengths, throughput, diagnostics, ranks and failures, each where
// there is data for it. The same results give the same bytes. `columns`, if given, are those of the
// first table (with_columns() of selection.h). Throws Error naming a damaged file,
// std::system_error where gnuplot, which draws the pictures, is missing.
std::string report_html(const Results& results, const std::vector<std::string>& columns = {},
                        const ReportHead& head = {});

}  // namespace longhaul
