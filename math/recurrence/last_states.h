#pragma once

#include <cstdint>
#include <map>

#include "longhaul/tensor.h"

namespace longhaul {

// What the solvers of one lane have found in its last training step, where Start::last begins: one
// tensor for each recurrence of a model, by RecurrenceSpec::layer. A step may run a layer twice
// (checkpoint_blocks): both times it begins with the same states.
class LastStates {
 public:
  void begin_step();  // what was found in the step before is what this one begins with

  // Where a solver begins, null if nothing of this shape was found; and where it leaves its states.
  struct Place {
    const float* before;
    float* now;
  };
  Place place(int64_t layer, const Shape& shape);

  // What the next step will begin with: all that a training must keep to go on from here.
  const std::map<int64_t, Tensor>& found() const { return now_; }
  void resume(int64_t layer, const Tensor& found);

  // Of the lane that runs on this thread; null where none does.
  static LastStates* active();

 private:
  std::map<int64_t, Tensor> before_, now_;
};

// While it lives, solvers on this thread begin with, and leave, these states.
class LastStatesScope {
 public:
  explicit LastStatesScope(LastStates& states);
  ~LastStatesScope();
  LastStatesScope(const LastStatesScope&) = delete;
  LastStatesScope& operator=(const LastStatesScope&) = delete;

 private:
  LastStates* outer_;
};

}  // namespace longhaul
