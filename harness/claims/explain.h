#pragma once

#include <string>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"

namespace longhaul {

// What would change a verdict: for each condition of the claim's rule, how far the number found
// lies from its bound and which seed decides; then which of these would have to move, and by how
// much, for another answer. The verdict must be of this rule (rule_hash).
std::string explain(const Claim& claim, const Verdict& verdict);

}  // namespace longhaul
