#include "harness/report/report_data.h"
#include "support/values.h"

#include <algorithm>
#include <map>

namespace longhaul {

Report::Report(const Results& of)
    : results(of),
      rows(rows_of(of.trials)),
      tasks(distinct(of.trials, [](const Trial& trial) { return trial.spec.task_name; })),
      cells(summarize(of)) {
  for (const Row& row : rows) labels_.push_back(row.label);
  for (const ThroughputRow& row : of.throughput)
    if (!contains(labels_, row.model)) labels_.push_back(row.model);
}

PlotStyle Report::style(const std::string& label) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  return plot_style(static_cast<std::size_t>(found - labels_.begin()));
}

std::vector<LegendEntry> Report::legend() const {
  std::vector<LegendEntry> entries;
  for (const Row& row : rows) entries.push_back({style(row.label), row.label});
  return entries;
}

std::vector<const Trial*> Report::trained(const Row& row, const std::string& task) const {
  std::vector<const Trial*> trials;
  for (const Trial& trial : results.trials)
    if (trial.ok() && trial.has_folder() && trial.spec.task_name == task && row.holds(trial.spec))
      trials.push_back(&trial);
  return trials;
}

std::vector<PlotSeries> over_seeds(const std::vector<std::vector<PlotPoint>>& seeds,
                                   const PlotStyle& style) {
  std::map<double, std::vector<double>> values;
  for (const auto& seed : seeds)
    for (const PlotPoint& point : seed) values[point.x].push_back(point.y);
  const bool is_shared = std::all_of(values.begin(), values.end(), [&](const auto& at) {
    return at.second.size() == seeds.size();
  });
  std::vector<PlotSeries> lines;
  if (!is_shared) {
    for (const auto& seed : seeds) lines.push_back({style, seed});
    return lines;
  }
  PlotSeries& line = lines.emplace_back(PlotSeries{style, {}});
  for (const auto& [x, at] : values) {
    const Statistics statistics = describe(at);
    line.points.push_back({x, statistics.mean, statistics.min, statistics.max});
  }
  return lines;
}

}  // namespace longhaul
