#include "harness/data/scored.h"

#include <algorithm>
#include <vector>

#include "harness/data/examples.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kDrawnAtOnce = 256;

}  // namespace

void for_each_scored(const Task& task, Split split, int64_t most,
                     const std::function<void(const Example&, int64_t t, int32_t target)>& visit) {
  const int64_t stored = task.count(split), count = stored ? std::min(most, stored) : most;
  for (int64_t first = 0; first < count; first += kDrawnAtOnce) {
    std::vector<Example> drawn(static_cast<std::size_t>(std::min(kDrawnAtOnce, count - first)));
    parallel_for(static_cast<int64_t>(drawn.size()), 1,
                 [&](int64_t i, int64_t) { drawn[i] = example(task, split, 0, first + i); });
    for (const Example& one : drawn)
      for (std::size_t t = 0; t < one.targets.size(); ++t)
        if (one.targets[t] != kIgnore) visit(one, static_cast<int64_t>(t), one.targets[t]);
  }
}

}  // namespace longhaul
