#pragma once

#include <cstdint>
#include <functional>

#include "harness/data/cache.h"

namespace longhaul {

// Writes the first `count` examples of a stream to its file, in place of one that is there. Drawn
// in parallel; `report` is told how many are done. Throws std::system_error when the disk is full.
void write_cache(const Task& task, const CacheKey& key, const Stream& stream, int64_t count,
                 const std::function<void(int64_t done)>& report);

}  // namespace longhaul
