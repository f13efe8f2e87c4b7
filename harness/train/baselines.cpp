#include "harness/train/baselines.h"

#include <algorithm>
#include <functional>
#include <map>

#include "harness/train/examples.h"

namespace longhaul {
namespace {

constexpr int64_t kTrainExamples = 4000;

// How often each target was seen, and which most often (the smallest of equals).
struct Counts {
  std::map<int32_t, int64_t> seen;
  int32_t most() const {
    const auto top = std::max_element(
        seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return top == seen.end() ? kIgnore : top->first;
  }
};

void for_each_scored(const Task& task, Split split, int64_t count,
                     const std::function<void(const Shallow&, int32_t)>& visit) {
  for (int64_t i = 0; i < count; ++i) {
    const Example drawn = example(task, split, 0, i);
    for (std::size_t t = 0; t < drawn.targets.size(); ++t)
      if (drawn.targets[t] != kIgnore)
        visit(task.shallow(drawn, static_cast<int64_t>(t)), drawn.targets[t]);
  }
}

}  // namespace

Baselines measure_baselines(const Task& task, int64_t test_examples) {
  Counts all;
  std::map<int64_t, Counts> by_key;
  for_each_scored(task, Split::train, kTrainExamples, [&](const Shallow& shallow, int32_t target) {
    ++all.seen[target];
    ++by_key[shallow.key].seen[target];
  });
  const int32_t majority = all.most();
  std::map<int64_t, int32_t> answer;
  for (const auto& [key, counts] : by_key) answer[key] = counts.most();

  int64_t scored = 0, majority_right = 0, shallow_right = 0;
  for_each_scored(task, Split::test, test_examples, [&](const Shallow& shallow, int32_t target) {
    const auto known = answer.find(shallow.key);
    const int32_t guess = shallow.guess != kIgnore ? shallow.guess
                          : known != answer.end()  ? known->second
                                                   : majority;
    ++scored;
    majority_right += majority == target;
    shallow_right += guess == target;
  });
  const auto total = static_cast<double>(std::max<int64_t>(scored, 1));
  return {1 / static_cast<double>(task.classes()), static_cast<double>(majority_right) / total,
          static_cast<double>(shallow_right) / total};
}

}  // namespace longhaul
