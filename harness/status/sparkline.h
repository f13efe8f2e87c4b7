#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace longhaul {

// The numbers as a row of blocks, the lowest as ▁ and the highest as █; a number that is not finite
// is a space. More than `most` numbers are averaged in groups of neighbours, a block each.
std::string sparkline(const std::vector<double>& numbers, std::size_t most);

}  // namespace longhaul
