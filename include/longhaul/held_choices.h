#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

// For operators that choose, as one_hot_scan (recurrences.h) does: their value is constant almost
// everywhere, and the gradient that they give is that of a softmax in the choice's place
// (straight-through). Finite differences of the value are 0 and say nothing about it.
//
// While a HeldChoices is alive on its thread, such an operator computes the function that has this
// gradient, around the parameters of the first pass: choice' + softmax(x) - softmax(x'), where
// choice' and x' are those of the same call in the first pass. There it has the operator's own
// value. Differences of it are what the tape's gradient must agree with. Whoever differentiates
// calls rewind() before each pass, whose calls must be the same ones in the same order.
// gradient_fault(), `longhaul check` and `longhaul gradcheck` do. They do not nest.
class HeldChoices {
 public:
  HeldChoices();
  ~HeldChoices();
  HeldChoices(const HeldChoices&) = delete;
  HeldChoices& operator=(const HeldChoices&) = delete;

  static HeldChoices* active();  // null where none is alive

  void rewind() { next_ = 0; }

  // For an operator: what to add to the softmax, choice' - softmax(x'), which `make` computes in
  // the first pass.
  Tensor next(const std::function<Tensor()>& make);

 private:
  std::vector<Tensor> held_;
  std::size_t next_ = 0;
};

}  // namespace longhaul
