#include "tests/helpers/gradient.h"

#include <algorithm>
#include <cmath>

#include "longhaul/rng.h"
#include "tests/helpers/catch.h"

namespace longhaul {

Tensor random_tensor(const Shape& shape, uint64_t seed, float low, float high) {
  Tensor x = Tensor::empty(shape);
  Rng rng(seed, "test");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(rng.uniform(low, high));
  return x;
}

void check_gradient(const TensorFunction& f, const std::vector<Tensor>& inputs, double tolerance,
                    float step) {
  CHECK(gradient_fault(f, inputs, tolerance, step) == "");
}

double max_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(double{a.data()[i]} - double{b.data()[i]}));
  return largest;
}

}  // namespace longhaul
