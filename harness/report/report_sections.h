#pragma once

#include "harness/report/report_data.h"

namespace longhaul {

// Each adds its section if the results hold something for it; one file each, report_<what>.cpp.
void add_headline(Page& page, const Report& report);
void add_table(Page& page, const Report& report);
void add_cost(Page& page, const Report& report);
void add_state(Page& page, const Report& report);
void add_ranking(Page& page, const Report& report);
void add_lengths(Page& page, const Report& report);
void add_curves(Page& page, const Report& report);
void add_diagnostics(Page& page, const Report& report);
void add_throughput(Page& page, const Report& report);
void add_trials(Page& page, const Report& report);
void add_failures(Page& page, const Report& report);

}  // namespace longhaul
