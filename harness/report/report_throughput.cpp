#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>

#include "harness/report/report_sections.h"
#include "harness/throughput/scaling.h"
#include "harness/throughput/solver_table.h"
#include "harness/throughput/throughput_table.h"

namespace longhaul {
namespace {

using Rows = std::vector<ThroughputRow>;

// A cost of one sequence, in decode of one position, drawn over the length.
struct PlottedCost {
  const char *name, *y_label, *y_format;
  int y_base;
  std::function<double(const ThroughputRow&)> value;
  std::optional<Exponent> Scaling::*exponent;
  bool is_time = false;
};

// At batch 1: at a fixed number of tokens a step longer sequences are fewer.
std::vector<PlottedCost> costs_of(Phase phase) {
  const bool is_decode = phase == Phase::decode;
  const PlottedCost time = {
      "time", is_decode ? "time of one position" : "time of one sequence",   "%.0s %cs",
      10,     [](const ThroughputRow& row) { return row.median_seconds(); }, &Scaling::time,
      true};
  if (is_decode)
    return {time,
            {"state", "state of one sequence", "%.0b%BB", 2,
             [](const ThroughputRow& row) { return static_cast<double>(row.state_bytes); },
             &Scaling::state}};
  return {time,
          {"memory", "peak activations", "%.0b%BB", 2,
           [](const ThroughputRow& row) { return static_cast<double>(row.peak_activation_bytes); },
           &Scaling::memory}};
}

Plot cost_plot(const Report& report, Phase phase, const PlottedCost& cost) {
  Plot plot;
  plot.x_label = "length, positions";
  plot.y_label = cost.y_label;
  plot.log_x = plot.log_y = true;
  plot.spread = Spread::bars;
  plot.y_base = cost.y_base;
  plot.y_format = cost.y_format;
  std::set<int64_t> lengths;
  for (const std::string& model :
       distinct(report.results.throughput, [](const ThroughputRow& row) { return row.model; })) {
    PlotSeries line{report.style(model), {}};
    for (const ThroughputRow& row : report.results.throughput)
      if (row.model == model && row.phase == phase && row.series == 0 && row.ok()) {
        lengths.insert(row.length);
        if (const double value = cost.value(row); value > 0) {
          PlotPoint point{static_cast<double>(row.length), value, value, value};
          if (cost.is_time) {  // the middle three fifths of the repetitions
            point.low = quantile(row.step_seconds, 0.2);
            point.high = quantile(row.step_seconds, 0.8);
          }
          line.points.push_back(point);
        }
      }
    std::sort(line.points.begin(), line.points.end(),
              [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    plot.series.push_back(line);
  }
  plot.x_tics.assign(lengths.begin(), lengths.end());
  return plot;
}

// "lru: time ~ L^1.02 ±0.01, memory ~ L^1.00 ±0.00", a line for each model that was measured.
std::vector<LegendEntry> exponents(const Report& report, Phase phase,
                                   const std::vector<PlottedCost>& costs) {
  std::vector<LegendEntry> legend;
  std::set<std::string> seen;
  for (const ThroughputRow& row : report.results.throughput) {
    if (row.phase != phase || row.series != 0 || !row.ok() || !seen.insert(row.model).second)
      continue;
    const Scaling scaling = scaling_of(row, report.results.throughput);
    std::string words = row.model;
    for (const PlottedCost& cost : costs)
      if (const std::optional<Exponent>& exponent = scaling.*cost.exponent)
        words += fmt::format("{} {} ~ L^{}", words == row.model ? ":" : ",", cost.name,
                             to_string(*exponent));
    legend.push_back({report.style(row.model), words});
  }
  return legend;
}

}  // namespace

void add_throughput(Page& page, const Report& report) {
  const Results& results = report.results;
  if (results.throughput.empty() && results.solvers.empty()) return;
  page.section("Throughput");
  if (const std::vector<std::string> notes = sanity_notes(results.throughput); !notes.empty())
    page.list(notes);
  for (const Phase phase : {Phase::train, Phase::prefill, Phase::decode}) {
    const std::vector<PlottedCost> costs = costs_of(phase);
    std::vector<Figure> figures;
    for (const PlottedCost& cost : costs)
      figures.push_back(
          {fmt::format("{}: {}", to_string(phase), cost.name), cost_plot(report, phase, cost)});
    page.figures(
        figures, exponents(report, phase, costs),
        "At batch 1, medians, and bars from the 20th to the 80th percentile of the repetitions; "
        "both axes are logarithmic. The exponents are fitted over "
        "the upper half of the lengths L, with their standard errors.");
  }
  for (const Table& table : throughput_tables(results.throughput)) page.table(table);
  if (!results.solvers.empty()) page.table(solver_table(results.solvers));
}

}  // namespace longhaul
