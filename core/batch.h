#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/task.h"
#include "longhaul/tensor.h"

namespace longhaul {

// `channels` as Task::channels() says: 0 where inputs are ids.
Batch collate(const Example* examples, int64_t count, Readout readout, int64_t channels = 0);

// Position t of the first `count` sequences, as a batch of length 1: what decoding consumes.
Batch column(const Batch& batch, int64_t t, int64_t count);

// Splits examples into at most `parts` batches of equal size (the last may be smaller), sorted by
// length first so that little is padded. The order, and with it every sum over it, depends on the
// examples alone.
std::vector<Batch> split(std::vector<Example> examples, int64_t parts, Readout readout,
                         int64_t channels = 0);

}  // namespace longhaul
