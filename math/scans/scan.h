#pragma once

#include <algorithm>
#include <cstdint>

#include "math/parallel.h"

namespace longhaul {

// How a batch of B linear scans over T positions is cut into chunks that can run side by side.
// Inside a lane, and where there are enough sequences for all threads, each is one chunk; a long
// one outside is cut at borders that do not depend on the number of threads.
struct ScanCut {
  int64_t B, T, size, count;  // each sequence: `count` chunks of `size` positions, the last shorter

  ScanCut(int64_t sequences, int64_t length) : B(sequences), T(length) {
    constexpr int64_t kChunk = 512, kManySequences = 8;
    const bool whole = LaneScope::inside() || B >= kManySequences || T < 2 * kChunk;
    size = std::max<int64_t>(whole ? T : kChunk, 1);
    count = (T + size - 1) / size;
  }
  int64_t begin(int64_t chunk) const { return chunk * size; }
  int64_t end(int64_t chunk) const { return std::min(T, (chunk + 1) * size); }
  int64_t chunks() const { return B * count; }  // item = sequence * count + chunk
  int64_t row(int64_t item, int64_t t) const { return item / count * T + t; }  // of [B T, ...]
};

}  // namespace longhaul
