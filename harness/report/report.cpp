#include "harness/report/report.h"

#include <algorithm>

#include "harness/report/report_sections.h"

namespace longhaul {

bool has_report(const Results& results) {
  return !results.throughput.empty() || !results.solvers.empty() ||
         std::any_of(results.trials.begin(), results.trials.end(),
                     [](const Trial& trial) { return trial.record.has_value(); });
}

std::string report_html(const Results& results, const std::vector<std::string>& columns,
                        const ReportHead& head) {
  Report report(results);
  report.columns = columns;
  const std::string suite = results.trials.empty() ? "" : results.trials.front().spec.suite;
  Page page(!head.title.empty() ? head.title : suite.empty() ? "longhaul" : "longhaul: " + suite);
  if (head.add) head.add(page);
  if (head.add && !has_report(results)) return page.html();
  for (const auto add : {add_headline, add_table, add_cost, add_state, add_ranking, add_lengths,
                         add_curves, add_throughput, add_diagnostics, add_failures, add_trials})
    add(page, report);
  return page.html();
}

}  // namespace longhaul
