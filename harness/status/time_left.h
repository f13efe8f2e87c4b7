#pragma once

#include <optional>
#include <vector>

#include "harness/status/status.h"

namespace longhaul {

// Seconds until the last trial is done, with as many at once as run now. A trial takes as long as
// done ones of its model and task did on average; else as it takes itself if it runs; else as done
// ones did; else as running ones do. Absent where nothing runs, or nothing tells of time yet.
std::optional<double> time_left(const std::vector<TrialStatus>& trials);

}  // namespace longhaul
