#pragma once

#include <cstdint>

#include "math/recurrence/recurrence.h"

namespace longhaul {

// How many sequences one task steps side by side: never across a border that threads would need.
int64_t group_of(int64_t sequences);
Solution solve_sequential(const Recurrence& r, bool keep);

}  // namespace longhaul
