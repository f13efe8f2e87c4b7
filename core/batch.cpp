#include "core/batch.h"

#include <algorithm>
#include <numeric>

#include "core/answer_numbers.h"

namespace longhaul {
namespace {

int64_t length_of(const Example& example, int64_t channels) {
  const auto first =
      static_cast<int64_t>(channels ? example.values.size() / channels : example.tokens.size());
  return std::max(first, static_cast<int64_t>(example.second.size()));
}

// Appends one sequence, padded with zeros (kPad among ids) to `width` numbers.
template <class T>
void append_padded(std::vector<T>& rows, const std::vector<T>& row, int64_t width) {
  rows.insert(rows.end(), row.begin(), row.end());
  rows.resize(rows.size() + static_cast<std::size_t>(width) - row.size());
}

void append_targets(Batch& batch, const Example& example, int64_t b, Readout readout) {
  const std::size_t outputs = numbers_a_target(example);
  for (std::size_t t = 0; t < example.targets.size(); ++t) {
    if (example.targets[t] == kIgnore) continue;
    const int64_t row = readout == Readout::token ? b * batch.length + static_cast<int64_t>(t) : b;
    batch.rows.push_back(static_cast<int32_t>(row));
    batch.targets.push_back(example.targets[t]);
    const auto answer = example.numbers.begin() + static_cast<std::ptrdiff_t>(t * outputs);
    batch.numbers.insert(batch.numbers.end(), answer,
                         answer + static_cast<std::ptrdiff_t>(outputs));
  }
}

}  // namespace

int64_t Batch::token_count() const {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

Batch collate(const Example* examples, int64_t count, Readout readout, int64_t channels) {
  Batch batch;
  for (int64_t b = 0; b < count; ++b)
    batch.length = std::max(batch.length, length_of(examples[b], channels));
  for (int64_t b = 0; b < count; ++b) {
    const Example& example = examples[b];
    if (channels) {
      batch.lengths.push_back(static_cast<int64_t>(example.values.size()) / channels);
      append_padded(batch.values, example.values, batch.length * channels);
    } else {
      batch.lengths.push_back(static_cast<int64_t>(example.tokens.size()));
      append_padded(batch.tokens, example.tokens, batch.length);
    }
    append_targets(batch, example, b, readout);
  }
  if (readout == Readout::pair)
    for (int64_t b = 0; b < count; ++b) {
      batch.lengths.push_back(static_cast<int64_t>(examples[b].second.size()));
      append_padded(batch.tokens, examples[b].second, batch.length);
    }
  batch.size = static_cast<int64_t>(batch.lengths.size());
  return batch;
}

Batch column(const Batch& batch, int64_t t, int64_t count) {
  Batch one;
  one.size = count;
  one.length = 1;
  one.lengths.assign(static_cast<std::size_t>(count), 1);
  const int64_t positions = batch.size * batch.length;
  const auto channels = static_cast<int64_t>(batch.values.size()) / std::max<int64_t>(positions, 1);
  for (int64_t b = 0; b < count; ++b) {
    const int64_t at = b * batch.length + t;
    if (channels)
      one.values.insert(one.values.end(), &batch.values[at * channels],
                        &batch.values[at * channels] + channels);
    else
      one.tokens.push_back(batch.tokens[at]);
  }
  return one;
}

std::vector<Batch> split(std::vector<Example> examples, int64_t parts, Readout readout,
                         int64_t channels) {
  std::stable_sort(examples.begin(), examples.end(), [&](const Example& a, const Example& b) {
    return length_of(a, channels) < length_of(b, channels);
  });
  const auto count = static_cast<int64_t>(examples.size());
  const int64_t share = (count + parts - 1) / parts;
  std::vector<Batch> batches;
  for (int64_t begin = 0; begin < count; begin += share)
    batches.push_back(collate(&examples[begin], std::min(share, count - begin), readout, channels));
  return batches;
}

}  // namespace longhaul
