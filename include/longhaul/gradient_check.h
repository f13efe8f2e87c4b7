#pragma once

#include <functional>
#include <string>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

using TensorFunction = std::function<Tensor(const std::vector<Tensor>&)>;

// Whether the reverse step of an operator of your own is right: compares the tape's gradient of `f`
// with central differences, for every element of every input, under a random cotangent (so that all
// outputs count). Returns "" when they agree, else a sentence that names the worst element and both
// numbers. Allowed is a difference of `tolerance` times the largest gradient of that input. Inputs
// may be of size 0; try sizes 1, 2 and odd ones, and values off the kinks of f.
//
//   gradient_fault([](const std::vector<Tensor>& in) { return my_operator(in[0], in[1]); }, {a, x})
std::string gradient_fault(const TensorFunction& f, const std::vector<Tensor>& inputs,
                           double tolerance = 5e-3, float step = 1e-2f);

}  // namespace longhaul
