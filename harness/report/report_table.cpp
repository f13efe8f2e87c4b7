#include <fmt/format.h>

#include <algorithm>

#include "harness/report/html.h"
#include "harness/report/report_sections.h"
#include "harness/tables/pareto.h"
#include "harness/tables/ranking.h"
#include "harness/tables/selection.h"

namespace longhaul {
namespace {

// A line for each model: its name, and its mean rank with half a critical difference either way.
std::string ranks_svg(const Ranking& ranking, const Report& report) {
  constexpr double kNames = 170, kWidth = 430, kLine = 22, kTop = 24;
  const auto models = static_cast<double>(ranking.rows.size());
  const auto x = [&](double rank) {
    return kNames + 15 + (rank - 1) / (models - 1) * (kWidth - kNames - 30);
  };
  std::string drawn;
  const int64_t named = 1 + (std::ssize(ranking.rows) - 1) / 8;  // not all of many have room
  for (int64_t rank = 1; rank <= std::ssize(ranking.rows); rank += named)
    drawn += fmt::format(
        "<text x=\"{:.1f}\" y=\"12\" text-anchor=\"middle\">{}</text><path d=\"M{:.1f} 17V{:.1f}\" "
        "stroke=\"#808080\" stroke-width=\".3\"/>\n",
        x(static_cast<double>(rank)), rank, x(static_cast<double>(rank)), kTop + kLine * models);
  for (std::size_t i = 0; i < ranking.rows.size(); ++i) {
    const double y = kTop + kLine * (static_cast<double>(i) + 0.5), mean = ranking.mean_ranks[i];
    const double reach = ranking.critical_difference / 2;
    const PlotStyle style = report.style(ranking.rows[i]);
    std::string name = ranking.rows[i];
    if (name.size() > 26) name = fmt::format("...{}", name.substr(name.size() - 23));
    drawn += fmt::format(
        "<text x=\"0\" y=\"{0:.1f}\">{1}</text><path d=\"M{2:.1f} {3:.1f}H{4:.1f}\" stroke=\"{5}\" "
        "stroke-width=\"2\"/><circle cx=\"{6:.1f}\" cy=\"{3:.1f}\" r=\"4\" fill=\"{5}\"/>\n",
        y + 4, html_text(name), std::max(x(mean - reach), kNames), y,
        std::min(x(mean + reach), kWidth), style.colour, x(mean));
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" font-size=\"12\" fill=\"var(--ink)\">\n{}</svg>\n",
      kWidth, kTop + kLine * models + 4, drawn);
}

}  // namespace

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

  page.picture(
      ranks_svg(ranking, report), "mean ranks and the critical difference",
      "Mean rank over the tasks; 1 is best. Each bar is one critical difference long, half of "
      "it on either side: two models whose bars do not overlap differ over the tasks "
      "(Nemenyi, 0.05).");
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
    if (!trial.record || !trial.has_folder()) return;
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
