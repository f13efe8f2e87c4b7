#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "harness/report/report_sections.h"
#include "harness/results/points.h"

namespace longhaul {
namespace {

struct Curve {
  const char *title, *split, *metric, *y_label, *caption;
  double unit;
};
constexpr Curve kCurves[] = {
    {"Validation accuracy", "validation", "accuracy", "accuracy, %",
     "Accuracy on the validation examples while training: means over the seeds that went well, "
     "bands from the lowest seed to the highest. Where seeds were measured at different steps, "
     "each has a line of its own.",
     100},
    {"Validation R^2", "validation", "r2", "R^2, %",
     "Share of the answers' variance that is explained on the validation examples while training: "
     "drawn as accuracy is.",
     100},
    {"Training loss", "train", "loss", "loss, nats a scored position",
     "Cross entropy on the training batches, or the squared error of a regression, drawn likewise. "
     "A loss of more than twice that of "
     "the first step is cut off.",
     1}};

std::vector<std::vector<PlotPoint>> by_seed(const std::vector<const Trial*>& trials,
                                            const Curve& what) {
  std::vector<std::vector<PlotPoint>> seeds;
  for (const Trial* trial : trials) {
    std::vector<PlotPoint>& points = seeds.emplace_back();
    for (const CurvePoint& point : curve_of(*trial))
      if (point.split == what.split && point.metric == what.metric)
        points.push_back({static_cast<double>(point.step), what.unit * point.value});
  }
  return seeds;
}

// Of the lowest line.
double first_value(const std::vector<PlotSeries>& lines) {
  double least = std::numeric_limits<double>::infinity();
  for (const PlotSeries& line : lines)
    if (!line.points.empty()) least = std::min(least, line.points.front().y);
  return least;
}

Plot curve_plot(const Report& report, const std::string& task, const Curve& what) {
  Plot plot;
  plot.x_label = "training step";
  plot.y_label = what.y_label;
  for (const Row& row : report.rows)
    for (PlotSeries& line :
         over_seeds(by_seed(report.trained(row, task), what), report.style(row.label)))
      plot.series.push_back(std::move(line));
  const bool is_score = what.unit != 1;
  if (!plot.is_empty())
    plot.y_range = fmt::format("[0<*:*<{}]", is_score ? 100 : 2 * first_value(plot.series));
  return plot;
}

}  // namespace

void add_curves(Page& page, const Report& report) {
  bool is_first = true;
  for (const Curve& what : kCurves) {
    std::vector<Figure> figures;
    for (const std::string& task : report.tasks)
      if (Plot plot = curve_plot(report, task, what); !plot.is_empty())
        figures.push_back({task, std::move(plot)});
    if (figures.empty()) continue;
    if (is_first) page.section("Learning curves");
    is_first = false;
    page.subsection(what.title);
    page.figures(figures, report.legend(), what.caption);
  }
}

}  // namespace longhaul
