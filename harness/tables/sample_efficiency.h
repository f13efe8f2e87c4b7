#pragma once

#include <optional>
#include <vector>

#include "harness/results/store.h"

namespace longhaul {

// Training examples until validation first reached an accuracy, or R^2, of `score`; nothing if it
// never did. Known to the steps at which validation ran.
std::optional<double> examples_to(const Trial& trial, double score);

// Their median over trials, one that never got there counting as the last of all; nothing if half
// of the trials or more did not.
std::optional<double> median_examples_to(const std::vector<const Trial*>& trials, double score);

}  // namespace longhaul
