#pragma once

#include <cstdint>

namespace longhaul {

// How often this process has called `operator new` so far (over-aligned types aside).
int64_t heap_allocations();

}  // namespace longhaul
