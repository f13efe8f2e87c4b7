#include "harness/data/baselines.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "harness/data/bag_of_tokens.h"
#include "harness/data/number_baselines.h"
#include "harness/data/scored.h"

namespace longhaul {
namespace {

constexpr int64_t kTrainExamples = 4000;
constexpr int64_t kTrainPositions = 1 << 24;

// How often each target was seen, and which most often (the smallest of equals).
struct Counts {
  std::map<int32_t, int64_t> seen;
  int32_t most() const {
    const auto top = std::max_element(
        seen.begin(), seen.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return top == seen.end() ? kIgnore : top->first;
  }
};

// The task's shallow rule: what it answers at position t of an example.
class ShallowRule {
 public:
  explicit ShallowRule(const Task& task) : task_(task), bag_(task) {}

  // Learns from one answer.
  void add(const Example& example, int64_t t, int32_t target) {
    ++all_.seen[target];
    if (task_.shallow_is_bag_of_tokens())
      bag_.add(example, target);
    else
      ++by_key_[task_.shallow(example, t).key].seen[target];
  }

  void fit() {
    majority_ = all_.most();
    for (const auto& [key, counts] : by_key_) answers_[key] = counts.most();
    if (!bag_.is_empty()) bag_.fit();
  }

  int32_t majority() const { return majority_; }

  std::optional<int32_t> answer(const Example& example, int64_t t) const {
    if (!bag_.is_empty()) return bag_.answer(example);
    const Shallow shallow = task_.shallow(example, t);
    if (shallow.guess != kIgnore) return shallow.guess;
    const auto known = answers_.find(shallow.key);
    return known != answers_.end() ? known->second : majority_;
  }

 private:
  const Task& task_;
  BagOfTokens bag_;
  Counts all_;
  std::map<int64_t, Counts> by_key_;
  std::map<int64_t, int32_t> answers_;
  int32_t majority_ = kIgnore;
};

// How many answers are right; not a number once one of them is none.
class Tally {
 public:
  void add(std::optional<int32_t> answer, int32_t target) {
    ++scored_;
    correct_ += answer == target;
    is_number_ &= answer.has_value();
  }
  double share() const {
    if (!is_number_) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(correct_) / static_cast<double>(std::max<int64_t>(scored_, 1));
  }

 private:
  int64_t scored_ = 0, correct_ = 0;
  bool is_number_ = true;
};

}  // namespace

int64_t default_train_examples(const Task& task) {
  return std::clamp<int64_t>(kTrainPositions / task.max_length(), 1, kTrainExamples);
}

Baselines measure_baselines(const Task& task, int64_t test_examples, int64_t train_examples,
                            bool with_bag_of_tokens) {
  if (train_examples == 0) train_examples = default_train_examples(task);
  if (task.is_regression()) return number_baselines(task, test_examples, train_examples);
  ShallowRule rule(task);
  BagOfTokens bag(task);  // empty where nobody asks, the rule is one, or answers stand at positions
  const bool has_bag =
      with_bag_of_tokens && !task.shallow_is_bag_of_tokens() && task.readout() != Readout::token;
  for_each_scored(task, Split::train, train_examples,
                  [&](const Example& one, int64_t t, int32_t target) {
                    rule.add(one, t, target);
                    if (has_bag) bag.add(one, target);
                  });
  rule.fit();
  if (!bag.is_empty()) bag.fit();

  Tally majority, shallow, of_bag;
  for_each_scored(task, Split::test, test_examples,
                  [&](const Example& one, int64_t t, int32_t target) {
                    majority.add(rule.majority(), target);
                    shallow.add(rule.answer(one, t), target);
                    if (!bag.is_empty()) of_bag.add(bag.answer(one), target);
                  });
  Baselines found = {1 / static_cast<double>(task.classes()), majority.share(), shallow.share()};
  if (has_bag) found.bag_of_tokens = of_bag.share();
  if (with_bag_of_tokens && task.shallow_is_bag_of_tokens()) found.bag_of_tokens = found.shallow;
  return found;
}

}  // namespace longhaul
