#pragma once

#include <functional>

#include "longhaul/task.h"

namespace longhaul {

// Visits each scored position of the first `most` examples of a split of stream 0, or of all that
// are stored: the example, the position, its target.
void for_each_scored(const Task& task, Split split, int64_t most,
                     const std::function<void(const Example&, int64_t t, int32_t target)>& visit);

}  // namespace longhaul
