#pragma once

#include "longhaul/task.h"

namespace longhaul {

// A task with only so many training examples, seen epoch by epoch in the harness's order: what a
// data set of that size would be. Validation and test are the task's own.
class Subset : public Task {
 public:
  // The first `examples` of the training stream that `seed` names; of a task read from files, a
  // choice of that seed's own. `task` must outlive this.
  Subset(const Task& task, int64_t examples, uint64_t seed);

  int version() const override { return task_.version(); }
  int64_t vocab() const override { return task_.vocab(); }
  int64_t channels() const override { return task_.channels(); }
  int64_t classes() const override { return task_.classes(); }
  bool is_regression() const override { return task_.is_regression(); }
  double answer_unit() const override { return task_.answer_unit(); }
  Readout readout() const override { return task_.readout(); }
  int64_t max_length() const override { return task_.max_length(); }
  Example draw(Rng& rng) const override { return task_.draw(rng); }
  int64_t count(Split split) const override;
  Example at(Split split, int64_t index) const override;

 private:
  const Task& task_;
  int64_t examples_;
  uint64_t seed_;
};

}  // namespace longhaul
