#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "harness/data/logistic.h"
#include "longhaul/task.h"

namespace longhaul {

// The shallow baseline of Task::shallow_is_bag_of_tokens(), and on request of any
// task with one answer a sequence: logistic regression on the share of
// each id in an example, whatever their order; of a pair of documents on both shares and their
// difference, [a, b, |a - b|]; of real-valued inputs on each channel's mean and mean square.
class BagOfTokens {
 public:
  explicit BagOfTokens(const Task& task) : task_(task) {}

  // One answer to learn from, the same wherever it stands in the example. So many are enough: a
  // task with an answer at each position has them by the thousand.
  void add(const Example& example, int32_t target);
  bool is_empty() const { return targets_.empty(); }
  void fit();                                                   // after at least one
  std::optional<int32_t> answer(const Example& example) const;  // none: not a number

 private:
  std::vector<float> features(const Example& example) const;

  const Task& task_;
  std::vector<float> rows_;
  std::vector<int32_t> targets_;
  std::unique_ptr<LogisticRegression> regression_;
};

}  // namespace longhaul
