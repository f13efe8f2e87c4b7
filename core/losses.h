#pragma once

#include <vector>

#include "longhaul/loss.h"

namespace longhaul {

// The table of built-in losses, which every Registry begins with: a row, and a function if it needs
// one, are all that one consists of.
const std::vector<LossInfo>& losses();

}  // namespace longhaul
