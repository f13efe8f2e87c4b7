#include "harness/run/memory_forecast.h"

#include <algorithm>
#include <utility>

#include "harness/run/trial_lines.h"

namespace longhaul {

MemoryForecast::MemoryForecast(std::function<double(const TrialSpec&)> planned)
    : planned_(std::move(planned)) {}

void MemoryForecast::learn(const TrialSpec& spec, const TrialRecord& record) {
  if (record.status != Status::ok) return;
  double& held = held_[label_of_kind(spec)];
  held = std::max(held, static_cast<double>(record.peak_resident_bytes));
}

double MemoryForecast::of(const TrialSpec& spec) {
  const std::string kind = label_of_kind(spec);
  if (const auto known = held_.find(kind); known != held_.end()) return known->second;
  const auto [foretold, is_new] = foretold_.try_emplace(kind, 0);
  if (is_new && planned_) foretold->second = planned_(spec);
  return foretold->second;
}

}  // namespace longhaul
