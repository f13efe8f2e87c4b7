#include "harness/run/interleave.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace longhaul {

std::vector<TrialSpec> interleaved(const std::vector<TrialSpec>& specs) {
  std::map<std::string, int64_t> seen;
  std::vector<int64_t> round;  // how many trials of the same model come before
  round.reserve(specs.size());
  for (const TrialSpec& spec : specs) round.push_back(seen[spec.model_name]++);
  std::vector<std::size_t> order(specs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return round[a] < round[b]; });
  std::vector<TrialSpec> result;
  result.reserve(specs.size());
  for (std::size_t index : order) result.push_back(specs[index]);
  return result;
}

}  // namespace longhaul
