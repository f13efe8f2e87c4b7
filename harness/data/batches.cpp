#include "harness/data/batches.h"

#include <algorithm>

#include "core/batch.h"
#include "harness/data/examples.h"
#include "harness/data/label_noise.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kBatch = 8;  // of validation and test examples
constexpr int64_t kWindowPositions = 1 << 22;

int64_t parts(int64_t count) { return (count + kBatch - 1) / kBatch; }

}  // namespace

std::vector<Batch> draw_batches(const Task& task, Split split_name, uint64_t seed, int64_t first,
                                int64_t count, int64_t parts, double label_noise) {
  std::vector<Example> examples(static_cast<std::size_t>(count));
  parallel_for(count, 1, [&](int64_t i, int64_t) {
    examples[i] = example(task, split_name, seed, first + i);
    add_label_noise(examples[i], label_noise, task.classes());
  });
  return split(std::move(examples), parts, task.readout(), task.channels());
}

int64_t available(const Task& task, Split split, int64_t most) {
  const int64_t stored = task.count(split);
  return stored ? std::min(most, stored) : most;
}

std::vector<Batch> draw_all(const Task& task, Split split, int64_t most) {
  const int64_t count = available(task, split, most);
  return draw_batches(task, split, 0, 0, count, parts(count));
}

Windows::Windows(const Task& task, Split split, int64_t most)
    : task_(task),
      split_(split),
      examples_(available(task, split, most)),
      size_(std::max(kBatch, kWindowPositions / task.max_length() / kBatch * kBatch)) {}

std::vector<Batch> Windows::draw(int64_t window) const {
  const int64_t first = window * size_, count = std::min(size_, examples_ - first);
  return draw_batches(task_, split_, 0, first, count, parts(count));
}

}  // namespace longhaul
