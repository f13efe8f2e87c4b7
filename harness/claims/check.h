#pragma once

#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"

namespace longhaul {

// A claim's conditions on its numbers.
std::vector<ClaimCondition> check(const std::vector<ConditionRule>& rules,
                                  const std::vector<ClaimNumber>& numbers);

}  // namespace longhaul
