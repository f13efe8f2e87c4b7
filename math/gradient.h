#pragma once

#include "longhaul/tensor.h"

namespace longhaul {

// Where a reverse step puts x's gradient; without data if x wants none.
inline GradTarget target_of(const Tensor& x) {
  return x.defined() && x.needs_grad() ? x.grad_target() : GradTarget{nullptr, false};
}

// What value i of the gradient adds to: a reverse step that writes `before(target, i) + term` needs
// no pass that zeroes a fresh target.
inline float before(const GradTarget& target, int64_t i) {
  return target.accumulate ? target.data[i] : 0.0f;
}

}  // namespace longhaul
