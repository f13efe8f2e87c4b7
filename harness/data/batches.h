#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/task.h"

namespace longhaul {

// Draws `count` examples of a split, from the `first` on, dealt to `parts` batches. `label_noise`
// as in add_label_noise.
std::vector<Batch> draw_batches(const Task& task, Split split, uint64_t seed, int64_t first,
                                int64_t count, int64_t parts, double label_noise = 0);

// Validation or test examples, the same for all seeds, in small batches: `most` of them, or all
// that a task read from files has.
std::vector<Batch> draw_all(const Task& task, Split split, int64_t most);

}  // namespace longhaul
