#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/report/report_sections.h"
#include "harness/throughput/throughput_table.h"

namespace longhaul {
namespace {

using Timed = std::vector<const ThroughputRow*>;

// The training speed of a row on a task: measured alone, or the median of its trials.
std::optional<double> speed_of(const ResultCell& cell, const Timed& alone) {
  for (const ThroughputRow* row : alone)
    if (row->model == cell.row.model && row->ok()) return row->tokens_per_second(0.5);
  std::vector<double> speeds;
  for (const Trial* trial : cell.trials)
    if (trial->ok()) speeds.push_back(trial->record->train_tokens_per_second);
  if (!alone.empty() || speeds.empty()) return std::nullopt;
  return median(speeds);
}

// In percent, with the 95% interval as far as a score can go.
PlotPoint score_point(double x, const Statistics& test) {
  const double mean = 100 * test.mean, reach = 100 * test.half_width.value_or(0);
  return {x, mean, std::max(0.0, mean - reach), std::min(100.0, mean + reach)};
}

Plot score_plot(const char* x_label, const std::vector<const ResultCell*>& cells) {
  Plot plot;
  plot.x_label = x_label;
  const std::vector<const Trial*>& trials = cells.front()->trials;
  const bool is_r2 = std::any_of(trials.begin(), trials.end(), [](const Trial* trial) {
    return trial->record && trial->record->metric == "r2";
  });
  plot.y_label = is_r2 ? "test R^2, %" : "test accuracy, %";
  plot.y_range = "[0<*:*<100]";
  plot.spread = Spread::bars;
  return plot;
}

// The cells of a task with a score, by evaluation length.
std::map<int64_t, std::vector<const ResultCell*>> scored(const Report& report,
                                                         const std::string& task) {
  std::map<int64_t, std::vector<const ResultCell*>> cells;
  for (const ResultCell& cell : report.cells)
    if (cell.task == task && cell.test.n > 0) cells[cell.eval_length].push_back(&cell);
  return cells;
}

double best_baseline(const std::vector<const ResultCell*>& cells) {
  double best = 0;
  for (const ResultCell* cell : cells) best = std::max(best, 100 * cell->baselines->best());
  return best;
}

// A round number of which a range holds two to five.
std::optional<double> round_step(double range) {
  if (range <= 0) return std::nullopt;
  const double power = std::pow(10, std::floor(std::log10(range / 2)));
  for (const double digit : {5, 2})
    if (range / (digit * power) >= 2) return digit * power;
  return power;
}

Plot cost_plot(const Report& report, const std::vector<const ResultCell*>& cells,
               const Timed& alone) {
  Plot plot = score_plot("training tokens a second", cells);
  plot.x_format = "%.1s%c";
  plot.has_lines = false;
  std::vector<double> speeds;
  for (const ResultCell* cell : cells)
    if (const std::optional<double> speed = speed_of(*cell, alone)) {
      plot.series.push_back({report.style(cell->row.label), {score_point(*speed, cell->test)}});
      speeds.push_back(*speed);
    }
  const Statistics range = describe(speeds);
  plot.x_step = round_step(range.max - range.min);
  const double baseline = best_baseline(cells);
  if (!speeds.empty())
    plot.series.push_back({grey_style(), {{range.min, baseline}, {range.max, baseline}}, true});
  return plot;
}

Plot length_plot(const Report& report,
                 const std::map<int64_t, std::vector<const ResultCell*>>& by_length) {
  Plot plot = score_plot("length of the test examples, positions", by_length.begin()->second);
  plot.log_x = true;
  for (const Row& row : report.rows) {
    PlotSeries line{report.style(row.label), {}};
    for (const auto& [length, cells] : by_length)
      for (const ResultCell* cell : cells)
        if (cell->row == row)
          line.points.push_back(score_point(static_cast<double>(length), cell->test));
    plot.series.push_back(line);
  }
  PlotSeries baseline{grey_style(), {}, true};
  for (const auto& [length, cells] : by_length) {
    plot.x_tics.push_back(length);
    baseline.points.push_back({static_cast<double>(length), best_baseline(cells)});
  }
  plot.series.push_back(baseline);
  return plot;
}

constexpr const char* kDashed =
    " Dashed: the best of the baselines under the table; a model on that line has learned nothing.";

}  // namespace

void add_cost(Page& page, const Report& report) {
  const Timed alone = headlines(report.results.throughput, Phase::train);
  std::vector<Figure> figures;
  for (const std::string& task : report.tasks) {
    const auto by_length = scored(report, task);
    if (by_length.empty()) continue;
    const auto& [length, cells] = *by_length.begin();
    figures.push_back(
        {length > 0 ? fmt::format("{} @{}", task, length) : task, cost_plot(report, cells, alone)});
  }
  if (figures.empty()) return;
  page.section("Accuracy against speed");
  page.figures(
      figures, report.legend(),
      fmt::format("Test score, mean and 95% interval over the seeds, against the speed of "
                  "training, {}: up is better, right is cheaper.{}",
                  alone.empty() ? "the median of the trials, which may have run side by side"
                                : fmt::format("measured alone at length {}", alone[0]->length),
                  kDashed));
}

void add_lengths(Page& page, const Report& report) {
  std::vector<Figure> figures;
  for (const std::string& task : report.tasks)
    if (const auto by_length = scored(report, task); by_length.size() > 1)
      figures.push_back({task, length_plot(report, by_length)});
  if (figures.empty()) return;
  page.section("Other lengths than in training");
  page.figures(figures, report.legend(),
               fmt::format("Test score of the same trained weights at each length, mean and "
                           "95% interval over the seeds; the axis of lengths is logarithmic.{}",
                           kDashed));
}

}  // namespace longhaul
