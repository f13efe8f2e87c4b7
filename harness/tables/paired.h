#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace longhaul {

// What the same seeds say of two things: how much the second has more than the first.
struct Paired {
  int64_t n = 0;                                 // seeds that both have
  double before = 0, after = 0, difference = 0;  // means over these seeds
  std::optional<double> half_width;              // of the 95% interval of the difference
  std::optional<double> p;                       // of the two-sided paired t-test

  std::optional<double> low() const;  // the ends of the interval
  std::optional<double> high() const;
};

Paired pair_by_seed(const std::map<uint64_t, double>& before,
                    const std::map<uint64_t, double>& after);

}  // namespace longhaul
