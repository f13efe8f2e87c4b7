#pragma once

#include <cstdint>

namespace longhaul {

// Counts calls of `operator new` in this process while it lives, over-aligned types aside.
class AllocationCount {
 public:
  AllocationCount();
  ~AllocationCount();
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;
  int64_t so_far() const;
};

}  // namespace longhaul
