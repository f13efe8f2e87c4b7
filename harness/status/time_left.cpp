#include "harness/status/time_left.h"

#include <algorithm>
#include <map>
#include <utility>

namespace longhaul {
namespace {

class Mean {
 public:
  void add(double value) {
    sum_ += value;
    ++count_;
  }
  std::optional<double> value() const {
    return count_ > 0 ? std::optional(sum_ / count_) : std::nullopt;
  }

 private:
  double sum_ = 0;
  int count_ = 0;
};

using Cell = std::pair<std::string, std::string>;

}  // namespace

std::optional<double> time_left(const std::vector<TrialStatus>& trials) {
  std::map<Cell, Mean> done_cells;
  Mean done, running;
  for (const TrialStatus& trial : trials) {
    if (!trial.seconds_in_all) continue;
    if (trial.state == TrialState::done) {
      done_cells[{trial.model, trial.task}].add(*trial.seconds_in_all);
      done.add(*trial.seconds_in_all);
    } else {
      running.add(*trial.seconds_in_all);
    }
  }
  const auto duration = [&](const TrialStatus& trial) {
    const auto cell = done_cells.find({trial.model, trial.task});
    if (cell != done_cells.end()) return cell->second.value();
    if (trial.seconds_in_all) return trial.seconds_in_all;
    return done.value() ? done.value() : running.value();
  };

  double all = 0, longest = 0;
  int at_once = 0;
  bool is_open = false;
  for (const TrialStatus& trial : trials) {
    if (trial.state == TrialState::done) continue;
    is_open = true;
    const bool runs = trial.state == TrialState::running;
    at_once += runs;
    const std::optional<double> whole = duration(trial);
    if (!whole) return std::nullopt;
    const double left = *whole * (1 - std::clamp(trial.fraction.value_or(0), 0.0, 1.0));
    all += left;
    if (runs) longest = std::max(longest, left);
  }
  if (!is_open) return 0;
  if (at_once == 0) return std::nullopt;
  return std::max(all / at_once, longest);
}

}  // namespace longhaul
