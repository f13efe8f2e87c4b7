#include <fmt/format.h>

#include <algorithm>

#include "harness/report/report_sections.h"
#include "harness/tables/pareto.h"
#include "harness/tables/ranking.h"
#include "harness/tables/selection.h"

namespace longhaul {

void add_table(Page& page, const Report& report) {
  if (report.results.trials.empty()) return;
  page.section("Accuracy and cost");
  Table table = with_columns(make_table(report.results), report.columns);
  for (const std::string& line : pareto_lines(report.results, report.cells))
    table.legend.push_back(line);
  page.table(table);
}

void add_ranking(Page& page, const Report& report) {
  const Ranking ranking = rank_rows(report.results);
  if (!ranking.is_of_use()) return;
  page.section("Ranks over the tasks");
  page.table(ranking_table(ranking));

  Plot plot;
  plot.x_label = "mean rank (1 is best)";
  plot.y_label = "model, by its number in the table";
  plot.spread = Spread::bars_along_x;
  plot.has_lines = false;
  std::vector<LegendEntry> legend;
  for (std::size_t i = 0; i < ranking.rows.size(); ++i) {
    const auto place = static_cast<double>(i + 1);
    plot.x_tics.push_back(static_cast<int64_t>(i) + 1);
    const double reach = ranking.critical_difference / 2;
    const PlotStyle style = report.style(ranking.rows[i]);
    plot.series.push_back({style,
                           {{ranking.mean_ranks[i], place, ranking.mean_ranks[i] - reach,
                             ranking.mean_ranks[i] + reach}}});
    legend.push_back({style, fmt::format("{} {}", i + 1, ranking.rows[i])});
  }
  plot.y_range = fmt::format("[{}.5:0.5]", ranking.rows.size());
  plot.y_step = 1;
  page.figures({{"Mean ranks and the critical difference", plot}}, legend,
               "Each bar is one critical difference long, half of it on either side of the mean "
               "rank: two models whose bars do not overlap differ over the tasks (Nemenyi, 0.05).");
}

void add_failures(Page& page, const Report& report) {
  std::vector<std::string> items;
  const auto add_tests = [&](const Trial& trial) {
    for (const Evaluation& test : trial.record->evaluations)
      if (!test.ok())
        items.push_back(fmt::format("{} on {}, seed {}, tested at length {}: {}: {} (trial {})",
                                    trial.spec.model_name, trial.spec.task_name, trial.spec.seed,
                                    test.length, to_string(test.status), test.message, trial.id));
  };
  const auto add = [&](const Trial& trial, const char* remark) {
    if (trial.ok()) return add_tests(trial);
    if (!trial.record || trial.is_variant) return;
    std::string status = to_string(trial.record->status);
    std::replace(status.begin(), status.end(), '_', ' ');
    std::string item = fmt::format("{} on {}, seed {}{}: {}", trial.spec.model_name,
                                   trial.spec.task_name, trial.spec.seed, remark, status);
    if (!trial.record->message.empty()) item += ": " + trial.record->message;
    items.push_back(item + fmt::format(" (trial {})", trial.id));
  };
  for (const Trial& trial : report.results.trials) add(trial, "");
  for (const Trial& trial : report.results.tuning) add(trial, ", a trial of tuning");
  if (items.empty()) return;
  page.section("Trials that failed");
  page.list(items);
}

}  // namespace longhaul
