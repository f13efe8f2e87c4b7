#pragma once

#include <vector>

#include "longhaul/gradient_check.h"

namespace longhaul {

// Values uniform in [low, high), the same for the same seed.
Tensor random_tensor(const Shape& shape, uint64_t seed, float low = -1, float high = 1);

// Fails the running Catch test unless the tape's gradient of f agrees with finite differences, as
// gradient_fault (longhaul/gradient_check.h) compares them.
void check_gradient(const TensorFunction& f, const std::vector<Tensor>& inputs,
                    double tolerance = 5e-3, float step = 1e-2f);

// The largest |a - b|; fails the test when the shapes differ.
double max_difference(const Tensor& a, const Tensor& b);

}  // namespace longhaul
