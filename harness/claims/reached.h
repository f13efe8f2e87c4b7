#pragma once

#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/tables.h"
#include "harness/claims/verdict.h"

namespace longhaul {

// {examples_to: 0.95}: training examples, seed by seed, until validation first reached the score,
// known to the steps at which validation ran. A training that ended well and never reached it
// counts as all the examples that it saw, so that the number is then a lower bound. Throws Error
// where the rule's selectors leave several trials of a seed.
ClaimNumber take_examples_to(const NumberRule& rule, const Tables& tables,
                             const std::vector<std::string>& seeds);

// {least: layers}: the least value of the option whose number, among `parts`, reaches the score;
// `otherwise` where none does.
std::optional<double> least_that_reaches(const NumberRule& rule, const std::vector<double>& parts);

}  // namespace longhaul
