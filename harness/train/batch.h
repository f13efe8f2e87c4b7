#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/task.h"
#include "longhaul/tensor.h"

namespace longhaul {

// Examples side by side, padded to the longest.
struct Batch {
  std::vector<int32_t> tokens;  // [size * length], kPad beyond each sequence's end
  Lengths lengths;              // [size]
  int64_t size = 0;
  int64_t length = 0;
  std::vector<int32_t>
      rows;  // scored positions b * length + t; for Readout::sequence one a sequence
  std::vector<int32_t> targets;  // [rows]

  int64_t token_count() const;  // without padding
};

Batch collate(const Example* examples, int64_t count, Readout readout);

// Splits examples into at most `parts` batches of equal size (the last may be smaller), sorted by
// length first so that little is padded. The order, and with it every sum over it, depends on the
// examples alone.
std::vector<Batch> split(std::vector<Example> examples, int64_t parts, Readout readout);

}  // namespace longhaul
