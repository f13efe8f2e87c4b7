#include "harness/tables/sample_efficiency.h"

#include <cmath>
#include <limits>

#include "harness/results/points.h"
#include "support/statistics.h"

namespace longhaul {

std::optional<double> examples_to(const Trial& trial, double score) {
  if (!trial.ok()) return std::nullopt;
  for (const CurvePoint& point : curve_of(trial))
    if (point.split == "validation" && is_score(point.metric) && point.value >= score)
      return static_cast<double>(point.step * trial.spec.settings.batch);
  return std::nullopt;
}

std::optional<double> median_examples_to(const std::vector<const Trial*>& trials, double score) {
  std::vector<double> counts;
  for (const Trial* trial : trials)
    if (trial->ok())
      counts.push_back(
          examples_to(*trial, score).value_or(std::numeric_limits<double>::infinity()));
  if (counts.empty()) return std::nullopt;
  const double middle = median(counts);
  return std::isfinite(middle) ? std::optional(middle) : std::nullopt;
}

}  // namespace longhaul
