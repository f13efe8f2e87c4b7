#include "harness/plan/schedule.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <utility>

#include "longhaul/error.h"

namespace longhaul {

double makespan(const std::vector<ScheduledTrial>& trials, int64_t slots) {
  using Index = std::size_t;
  std::vector<std::vector<Index>> waiting(trials.size());  // for each trial, by index
  std::priority_queue<Index, std::vector<Index>, std::greater<>> ready;
  for (Index i = 0; i < trials.size(); ++i)
    if (trials[i].after < 0)
      ready.push(i);
    else
      waiting.at(static_cast<Index>(trials[i].after)).push_back(i);

  using End = std::pair<double, Index>;  // when, and of which trial
  std::priority_queue<End, std::vector<End>, std::greater<>> running;
  double now = 0;
  Index done = 0;
  while (!ready.empty() || !running.empty()) {
    for (; !ready.empty() && static_cast<int64_t>(running.size()) < slots; ready.pop())
      running.emplace(now + trials[ready.top()].seconds, ready.top());
    now = running.top().first;
    for (; !running.empty() && running.top().first <= now; running.pop(), ++done)
      for (const Index next : waiting[running.top().second]) ready.push(next);
  }
  require(done == trials.size(), "trials wait for each other in a circle");
  return now;
}

std::vector<ScheduledTrial> longest_first(const std::vector<ScheduledTrial>& trials) {
  std::vector<double> longest_after(trials.size());
  for (const ScheduledTrial& trial : trials)
    if (trial.after >= 0) {
      double& longest = longest_after.at(static_cast<std::size_t>(trial.after));
      longest = std::max(longest, trial.seconds);
    }
  std::vector<std::size_t> order(trials.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto weight = [&](std::size_t i) { return trials[i].seconds + longest_after[i]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });

  std::vector<int64_t> place(trials.size());  // of each trial in that order
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = static_cast<int64_t>(i);
  std::vector<ScheduledTrial> sorted;
  for (const std::size_t index : order) {
    sorted.push_back(trials[index]);
    int64_t& after = sorted.back().after;
    if (after >= 0) after = place[static_cast<std::size_t>(after)];
  }
  return sorted;
}

}  // namespace longhaul
