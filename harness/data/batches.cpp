#include "harness/data/batches.h"

#include <algorithm>

#include "core/batch.h"
#include "harness/data/examples.h"
#include "harness/data/label_noise.h"
#include "math/parallel.h"

namespace longhaul {

std::vector<Batch> draw_batches(const Task& task, Split split_name, uint64_t seed, int64_t first,
                                int64_t count, int64_t parts, double label_noise) {
  std::vector<Example> examples(static_cast<std::size_t>(count));
  parallel_for(count, 1, [&](int64_t i, int64_t) {
    examples[i] = example(task, split_name, seed, first + i);
    add_label_noise(examples[i], label_noise, task.classes());
  });
  return split(std::move(examples), parts, task.readout(), task.channels());
}

std::vector<Batch> draw_all(const Task& task, Split split, int64_t most) {
  const int64_t stored = task.count(split), count = stored ? std::min(most, stored) : most;
  return draw_batches(task, split, 0, 0, count, (count + 7) / 8);
}

}  // namespace longhaul
