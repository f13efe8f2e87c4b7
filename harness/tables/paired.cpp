#include "harness/tables/paired.h"

#include <vector>

#include "support/statistics.h"

namespace longhaul {

std::optional<double> Paired::low() const {
  return half_width ? std::optional(difference - *half_width) : std::nullopt;
}

std::optional<double> Paired::high() const {
  return half_width ? std::optional(difference + *half_width) : std::nullopt;
}

Paired pair_by_seed(const std::map<uint64_t, double>& before,
                    const std::map<uint64_t, double>& after) {
  std::vector<double> first, second, differences;
  for (const auto& [seed, value] : before)
    if (const auto other = after.find(seed); other != after.end()) {
      first.push_back(value);
      second.push_back(other->second);
      differences.push_back(other->second - value);
    }
  const Statistics statistics = describe(differences);
  return {.n = statistics.n,
          .before = describe(first).mean,
          .after = describe(second).mean,
          .difference = statistics.mean,
          .half_width = statistics.half_width,
          .p = paired_t_test(second, first)};
}

}  // namespace longhaul
