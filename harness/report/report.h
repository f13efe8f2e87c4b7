#pragma once

#include <string>

#include "harness/tables/results.h"

namespace longhaul {

// Whether there is anything to report: a finished trial or a throughput.
bool has_report(const Results& results);

// What a results folder holds as one HTML page that needs nothing beside itself: the table, what it
// cost, curves, lengths, throughput, diagnostics, ranks and failures, each where there is data for
// it. The same results give the same bytes. Throws Error naming a damaged file, std::system_error
// where gnuplot, which draws the pictures, is missing.
std::string report_html(const Results& results);

}  // namespace longhaul
