#include "harness/data/pretext.h"

#include <algorithm>
#include <cmath>

#include "harness/data/examples.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

constexpr int64_t kBins = 32;
constexpr int64_t kRangeExamples = 64;
constexpr int64_t kMasks = 1024;                // of each example, before they come again
constexpr int64_t kEndless = int64_t{1} << 32;  // examples of a task that draws them

}  // namespace

Pretext::Pretext(const Task& task, Restore restore, double share, uint64_t seed)
    : task_(task), restore_(restore), share_(share), seed_(seed) {
  require(restore != Restore::nothing, "pretext: there is nothing to restore");
  if (!task.channels()) return;
  darkest_ = 1e30f;
  brightest_ = -1e30f;
  for (int64_t i = 0; i < kRangeExamples; ++i)
    for (const float value : example(task, Split::train, seed, i).values) {
      darkest_ = std::min(darkest_, value);
      brightest_ = std::max(brightest_, value);
    }
}

int64_t Pretext::vocab() const {
  return task_.channels() ? 0 : task_.vocab() + (restore_ == Restore::masked);
}

int64_t Pretext::channels() const {
  return task_.channels() ? task_.channels() + (restore_ == Restore::masked) : 0;
}

int64_t Pretext::classes() const { return task_.channels() ? kBins : task_.vocab() - 1; }

int64_t Pretext::count(Split split) const {
  const int64_t stored = task_.count(split);
  return (stored ? stored : kEndless) * (split == Split::train ? kMasks : 1);
}

// The bin at each position, or the id less one: no position holds kPad.
std::vector<int32_t> Pretext::answers(const Example& example) const {
  if (!task_.channels()) {
    std::vector<int32_t> classes = example.tokens;
    for (int32_t& answer : classes) --answer;
    return classes;
  }
  const auto width = static_cast<std::size_t>(task_.channels());
  const float range = std::max(brightest_ - darkest_, 1e-6f);
  std::vector<int32_t> bins(example.values.size() / width);
  for (std::size_t t = 0; t < bins.size(); ++t) {
    float mean = 0;
    for (std::size_t c = 0; c < width; ++c)
      mean += example.values[t * width + c] / static_cast<float>(width);
    const float bin = (mean - darkest_) / range * static_cast<float>(kBins);
    require(!std::isnan(bin), "pretext: an input at position ", t, " is not a number");
    bins[t] = static_cast<int32_t>(std::clamp(bin, 0.0f, static_cast<float>(kBins - 1)));
  }
  return bins;
}

Example Pretext::mask(Example shown, std::vector<int32_t> answers, Rng rng) const {
  const auto length = static_cast<int64_t>(answers.size());
  std::vector<bool> hidden(answers.size());
  for (int64_t t = 0; t < length; ++t) hidden[t] = rng.chance(share_);
  hidden[static_cast<std::size_t>(rng.below(length))] = true;
  const int64_t width = task_.channels();
  std::vector<float> values;
  for (int64_t t = 0; t < length; ++t) {
    if (!hidden[t]) answers[t] = kIgnore;
    if (!width) {
      if (hidden[t]) shown.tokens[t] = static_cast<int32_t>(task_.vocab());
      continue;
    }
    for (int64_t c = 0; c < width; ++c)
      values.push_back(hidden[t] ? 0 : shown.values[t * width + c]);
    values.push_back(hidden[t] ? 1 : 0);
  }
  shown.values = std::move(values);
  shown.targets = std::move(answers);
  return shown;
}

Example Pretext::at(Split split, int64_t index) const {
  const int64_t n = count(split) / (split == Split::train ? kMasks : 1);
  Example shown = example(task_, split, split == Split::train ? seed_ : 0, index % n);
  if (!shown.second.empty() && index & 1) shown.tokens = std::move(shown.second);
  shown.second.clear();
  std::vector<int32_t> restored = answers(shown);
  if (restore_ == Restore::masked)
    return mask(std::move(shown), std::move(restored),
                Rng(seed_, to_string(split), static_cast<uint64_t>(index)));
  std::rotate(restored.begin(), restored.begin() + 1, restored.end());
  restored.back() = kIgnore;
  shown.targets = std::move(restored);
  return shown;
}

}  // namespace longhaul
