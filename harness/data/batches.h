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

// How many of `most` examples of a split a task has: all but where it is read from files.
int64_t available(const Task& task, Split split, int64_t most);

// Validation or test examples, the same for all seeds, in small batches: `most` of them, or all
// that a task read from files has.
std::vector<Batch> draw_all(const Task& task, Split split, int64_t most);

// The same examples, window by window, so that no more of them are held than have about 4 million
// positions: their 16 MiB, and as much for the batches.
class Windows {
 public:
  Windows(const Task& task, Split split, int64_t most);

  int64_t size() const { return size_; }  // examples in each but the last
  int64_t count() const { return (examples_ + size_ - 1) / size_; }
  std::vector<Batch> draw(int64_t window) const;  // 0 <= window < count()

 private:
  const Task& task_;
  Split split_;
  int64_t examples_, size_;
};

}  // namespace longhaul
