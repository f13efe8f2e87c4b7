#pragma once

#include <algorithm>
#include <vector>

#include "longhaul/gradient_check.h"
#include "longhaul/ops.h"
#include "tests/helpers/gradient.h"

namespace longhaul {

// What an operator made of its inputs: its value, then the gradient of each input under a fixed
// random weighting of the value.
inline std::vector<Tensor> value_and_gradients(const TensorFunction& f,
                                               const std::vector<Tensor>& inputs) {
  for (Tensor x : inputs) x.set_needs_grad(true);
  Tape tape;
  const Tensor y = f(inputs);
  tape.backward(sum_all(y * random_tensor(y.shape(), 9)));
  std::vector<Tensor> results{y};
  for (const Tensor& x : inputs) {
    results.push_back(Tensor::empty(x.shape()));
    std::copy_n(x.grad(), x.size(), results.back().data());
  }
  return results;
}

// The largest difference of two results, each relative to the largest value of its kind.
inline double largest_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    largest =
        std::max(largest, max_difference(a[i], b[i]) / max_difference(a[i], Tensor(a[i].shape())));
  return largest;
}

}  // namespace longhaul
