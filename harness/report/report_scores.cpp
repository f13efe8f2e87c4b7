#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

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

// The models of rows that differ in numbers alone are one family, as those of a sweep are.
std::string family_of(const TrialSpec& spec) {
  std::string family = spec.model;
  const nlohmann::json json = to_json(spec);  // which items() look into
  for (const auto& [name, value] : json.at("settings").items())
    if (!value.is_number()) family += fmt::format(" {}={}", name, value.dump());
  for (const auto& [name, value] : spec.model_options)
    if (std::holds_alternative<bool>(value) || std::holds_alternative<std::string>(value))
      family += fmt::format(" {}={}", name, to_text(value));
  return family;
}

std::string family_of(const Report& report, const Row& row) {
  for (const Trial& trial : report.results.trials)
    if (trial.has_folder() && row.holds(trial.spec)) return family_of(trial.spec);
  return row.label;
}

// One sequence's decode state; 0 if it has none.
double state_of(const ResultCell& cell) {
  std::vector<double> bytes;
  for (const Trial* trial : cell.trials)
    if (trial->ok()) bytes.push_back(static_cast<double>(trial->record->state_bytes));
  return bytes.empty() ? 0 : median(bytes);
}

// A line for each family, in the style of its first row.
struct Family {
  PlotStyle style;
  std::vector<std::string> rows;
};
using Families = std::map<std::string, Family>;

Families families_of(const Report& report) {
  Families families;
  for (const Row& row : report.rows) {
    Family& family =
        families.try_emplace(family_of(report, row), Family{report.style(row.label), {}})
            .first->second;
    family.rows.push_back(row.label);
  }
  return families;
}

Plot state_plot(const Families& families, const std::vector<const ResultCell*>& cells) {
  Plot plot = score_plot("decode state of one sequence", cells);
  plot.log_x = true;
  plot.x_format = "%.0b%BB";
  std::vector<double> bytes;
  for (const auto& [name, family] : families) {
    PlotSeries line{family.style, {}};
    for (const ResultCell* cell : cells)
      if (const double state = state_of(*cell); state > 0 && contains(family.rows, cell->row.label))
        line.points.push_back(score_point(state, cell->test));
    std::sort(line.points.begin(), line.points.end(),
              [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    for (const PlotPoint& point : line.points) bytes.push_back(point.x);
    plot.series.push_back(std::move(line));
  }
  if (bytes.empty()) return plot;
  const Statistics range = describe(bytes);
  const double baseline = best_baseline(cells);
  plot.x_step = range.max > 64 * range.min ? 16 : 4;  // between tics, a factor
  plot.series.push_back({grey_style(), {{range.min, baseline}, {range.max, baseline}}, true});
  return plot;
}

// Whether a line has two sizes of state.
bool shows_sizes(const Plot& plot) {
  return std::any_of(plot.series.begin(), plot.series.end(), [](const PlotSeries& line) {
    return !line.is_reference && line.points.size() > 1 &&
           line.points.front().x < line.points.back().x;
  });
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

void add_state(Page& page, const Report& report) {
  const Families families = families_of(report);
  std::vector<Figure> figures;
  bool is_of_use = false;
  for (const std::string& task : report.tasks)
    if (const auto by_length = scored(report, task); !by_length.empty()) {
      figures.push_back({task, state_plot(families, by_length.begin()->second)});
      is_of_use |= shows_sizes(figures.back().plot);
    }
  if (!is_of_use) return;
  std::vector<LegendEntry> legend;
  for (const auto& [name, family] : families)
    legend.push_back({family.style, fmt::format("{}", fmt::join(family.rows, ", "))});
  page.section("Accuracy against state");
  page.figures(figures, legend,
               fmt::format("Test accuracy, mean and 95% interval over the seeds, against the bytes "
                           "that a model remembers of one sequence while it decodes; their axis is "
                           "logarithmic. A line joins the rows of a model that differ in numbers "
                           "alone.{}",
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
