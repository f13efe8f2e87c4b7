#pragma once

#include <cstdint>
#include <vector>

namespace longhaul {

constexpr int32_t kPad = 0;      // the token id that pads; never a real symbol of any task
constexpr int32_t kIgnore = -1;  // the target of a position that is not scored

// Number of real positions of each sequence of a batch: x[b, t] with t >= lengths[b] is padding.
using Lengths = std::vector<int64_t>;

}  // namespace longhaul
