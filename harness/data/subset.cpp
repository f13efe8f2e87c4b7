#include "harness/data/subset.h"

#include <algorithm>

#include "harness/data/examples.h"

namespace longhaul {

Subset::Subset(const Task& task, int64_t examples, uint64_t seed)
    : task_(task), examples_(examples), seed_(seed) {
  if (const int64_t stored = task.count(Split::train)) examples_ = std::min(examples, stored);
}

int64_t Subset::count(Split split) const {
  return split == Split::train ? examples_ : task_.count(split);
}

// example() shuffles stored examples by the seed, so its first ones are a choice among all.
Example Subset::at(Split split, int64_t index) const {
  return split == Split::train ? example(task_, split, seed_, index) : task_.at(split, index);
}

}  // namespace longhaul
