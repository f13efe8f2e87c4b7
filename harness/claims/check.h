#pragma once

#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"

namespace longhaul {

// How far a number keeps the bounds of a condition: negative where it breaks one.
struct Margin {
  double by = 0;     // of the one value that decides: the found one
  std::string seed;  // whose value that is; "" of a mean or median, or of a number without seeds
};
// Nothing where values are missing.
std::optional<Margin> margin_of(const ConditionRule& rule, const ClaimNumber& number);

// A claim's conditions on its numbers.
std::vector<ClaimCondition> check(const std::vector<ConditionRule>& rules,
                                  const std::vector<ClaimNumber>& numbers);

}  // namespace longhaul
