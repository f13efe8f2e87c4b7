#include "harness/train/batch.h"

#include <algorithm>
#include <numeric>

namespace longhaul {

int64_t Batch::token_count() const {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

Batch collate(const Example* examples, int64_t count, Readout readout) {
  Batch batch;
  batch.size = count;
  for (int64_t b = 0; b < count; ++b) {
    batch.lengths.push_back(static_cast<int64_t>(examples[b].tokens.size()));
    batch.length = std::max(batch.length, batch.lengths.back());
  }
  batch.tokens.assign(static_cast<std::size_t>(count * batch.length), kPad);
  for (int64_t b = 0; b < count; ++b) {
    const Example& example = examples[b];
    const auto row = static_cast<int32_t>(b * batch.length);
    std::copy(example.tokens.begin(), example.tokens.end(), batch.tokens.begin() + row);
    for (std::size_t t = 0; t < example.targets.size(); ++t) {
      if (example.targets[t] == kIgnore) continue;
      batch.rows.push_back(readout == Readout::sequence ? static_cast<int32_t>(b)
                                                        : row + static_cast<int32_t>(t));
      batch.targets.push_back(example.targets[t]);
    }
  }
  return batch;
}

std::vector<Batch> split(std::vector<Example> examples, int64_t parts, Readout readout) {
  std::stable_sort(examples.begin(), examples.end(), [](const Example& a, const Example& b) {
    return a.tokens.size() < b.tokens.size();
  });
  const auto count = static_cast<int64_t>(examples.size());
  const int64_t share = (count + parts - 1) / parts;
  std::vector<Batch> batches;
  for (int64_t begin = 0; begin < count; begin += share)
    batches.push_back(collate(&examples[begin], std::min(share, count - begin), readout));
  return batches;
}

}  // namespace longhaul
