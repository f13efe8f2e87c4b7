#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "harness/report/report_sections.h"
#include "harness/results/points.h"
#include "harness/train/diagnostics.h"

namespace longhaul {
namespace {

using Layer = std::optional<int64_t>;  // none: the whole network

// What was measured of one name, over the steps of each seed.
using Layers = std::map<Layer, std::vector<std::vector<PlotPoint>>>;

// By name, of all trials of a row on a task.
std::map<std::string, Layers> measured(const Report& report, const Row& row,
                                       const std::string& task) {
  std::map<std::string, Layers> names;
  for (const Trial* trial : report.trained(row, task)) {
    std::map<std::pair<std::string, Layer>, std::vector<PlotPoint>> points;
    if (!trial->spec.diagnostics.empty())
      for (const DiagnosticPoint& point : diagnostics_of(*trial))
        points[{point.name, point.layer}].push_back({static_cast<double>(point.step), point.value});
    for (auto& [key, line] : points) names[key.first][key.second].push_back(std::move(line));
  }
  return names;
}

PlotStyle layer_style(const Layer& layer, int64_t layers) {
  if (!layer) return grey_style();
  return ordered_style(static_cast<std::size_t>(*layer), static_cast<std::size_t>(layers));
}

Plot layers_plot(const Layers& lines, int64_t layers) {
  Plot plot;
  plot.x_label = "training step";
  for (const auto& [layer, seeds] : lines)
    for (PlotSeries& line : over_seeds(seeds, layer_style(layer, layers)))
      plot.series.push_back(std::move(line));
  return plot;
}

// Gives pictures of the same quantity the same axis.
void share_range(std::vector<Figure>& figures) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Figure& figure : figures)
    for (const PlotSeries& line : figure.plot.series)
      for (const PlotPoint& point : line.points) {
        low = std::min(low, point.low);
        high = std::max(high, point.high);
      }
  const double margin = high > low ? 0.04 * (high - low) : 0.5;
  for (Figure& figure : figures)
    figure.plot.y_range = fmt::format("[{}:{}]", low - margin, high + margin);
}

std::string meaning(const std::string& name) {
  for (const DiagnosticInfo& diagnostic : diagnostics())
    for (const DiagnosticInfo::Quantity& quantity : diagnostic.quantities)
      if (quantity.name == name) return fmt::format("Shown: {}. ", quantity.description);
  return "";
}

// One quantity on one task: a picture for each row that has it, a line for each layer.
void add_quantity(Page& page, const Report& report, const std::string& name,
                  const std::vector<std::map<std::string, Layers>>& rows) {
  int64_t layers = 0;
  bool has_whole = false;
  for (const auto& quantities : rows)
    if (const auto found = quantities.find(name); found != quantities.end()) {
      has_whole |= found->second.count(std::nullopt) > 0;
      layers = std::max(layers, 1 + found->second.rbegin()->first.value_or(-1));
    }
  std::vector<Figure> figures;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (const auto found = rows[i].find(name); found != rows[i].end())
      figures.push_back({report.rows[i].label, layers_plot(found->second, layers)});
  share_range(figures);

  std::vector<LegendEntry> legend;
  for (int64_t layer = 0; layer < layers; ++layer)
    legend.push_back({layer_style(layer, layers), fmt::format("layer {}", layer)});
  if (has_whole) legend.push_back({grey_style(), "whole network"});
  page.figures(figures, legend,
               meaning(name) + "Means over the seeds, bands from the lowest to the highest.");
}

}  // namespace

void add_diagnostics(Page& page, const Report& report) {
  bool is_first = true;
  for (const std::string& task : report.tasks) {
    std::vector<std::map<std::string, Layers>> rows;
    std::set<std::string> names;
    for (const Row& row : report.rows) {
      rows.push_back(measured(report, row, task));
      for (const auto& [name, lines] : rows.back()) names.insert(name);
    }
    if (is_first && !names.empty()) page.section("Diagnostics by layer");
    is_first &= names.empty();
    for (const std::string& name : names) {
      page.subsection(fmt::format("{} on {}", name, task));
      add_quantity(page, report, name, rows);
    }
  }
}

}  // namespace longhaul
