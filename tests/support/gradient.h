#pragma once

#include <functional>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

// Values uniform in [low, high), the same for the same seed.
Tensor random_tensor(const Shape& shape, uint64_t seed, float low = -1, float high = 1);

// Compares the tape's gradient of f with central differences, for every element of every input,
// under a random cotangent (so that all outputs count). Differences are summed in double. Fails the
// running Catch test with the input, element and both numbers when they differ by more than
// `tolerance` relative to the largest gradient of that input. Inputs of size 0 are allowed.
using TensorFunction = std::function<Tensor(const std::vector<Tensor>&)>;
void check_gradient(const TensorFunction& f, std::vector<Tensor> inputs, double tolerance = 5e-3,
                    float step = 1e-2f);

// The largest |a - b|; fails the test when the shapes differ.
double max_difference(const Tensor& a, const Tensor& b);

}  // namespace longhaul
