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

// Calls body(item, begin, end) for every chunk, with all of its N channels, or for parts of them
// where there are fewer chunks than threads.
template <class Body>
void for_scans(const ScanCut& s, int64_t N, Body body) {
  if (s.chunks() >= threads() || !has_threads()) {
    parallel_for(s.chunks(), 1, [&](int64_t item, int64_t) { body(item, int64_t{0}, N); });
    return;
  }
  for (int64_t item = 0; item < s.chunks(); ++item)
    split_columns(N, [&](int64_t begin, int64_t end) { body(item, begin, end); });
}

}  // namespace longhaul
