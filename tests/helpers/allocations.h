#pragma once

#include <cstdint>

namespace longhaul {

// Counts calls of `operator new` in this process while it lives, over-aligned types aside, and
// those that oneDNN makes inside a primitive: its argument tables are not ours to pool.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;
  int64_t so_far() const;
};

}  // namespace longhaul
