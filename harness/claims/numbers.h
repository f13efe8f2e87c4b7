#pragma once

#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/tables.h"
#include "harness/claims/verdict.h"

namespace longhaul {

// A claim's numbers by its rules. Values of seeds whose trials did not end well are missing. Throws
// Error, with the place in the claim file, for a number that no row or more than one answers to.
std::vector<ClaimNumber> take_numbers(const Claim& claim, const Tables& tables);

// The seeds of the claim's runs, as CSV files name them.
std::vector<std::string> seeds_of(const Claim& claim);

}  // namespace longhaul
