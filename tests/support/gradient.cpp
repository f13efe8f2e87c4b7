#include "tests/support/gradient.h"

#include <algorithm>
#include <cmath>

#include "longhaul/ops.h"
#include "tests/support/catch.h"

namespace longhaul {
namespace {

double weighted(const Tensor& y, const Tensor& cotangent) {
  double total = 0;
  for (int64_t i = 0; i < y.size(); ++i) total += double{y.data()[i]} * double{cotangent.data()[i]};
  return total;
}

}  // namespace

Tensor random_tensor(const Shape& shape, uint64_t seed, float low, float high) {
  Tensor x = Tensor::empty(shape);
  Rng rng(seed, "test");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(rng.uniform(low, high));
  return x;
}

void check_gradient(const TensorFunction& f, std::vector<Tensor> inputs, double tolerance,
                    float step) {
  const Tensor cotangent = random_tensor(f(inputs).shape(), 99);
  for (Tensor& x : inputs) x.set_needs_grad(true);
  {
    Tape tape;
    const Tensor y = f(inputs);
    tape.backward(sum_all(mul(y, cotangent)));
  }
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor& x = inputs[k];
    double largest = 1e-2;
    for (int64_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::abs(double{x.grad()[i]}));
    for (int64_t i = 0; i < x.size(); ++i) {
      float& value = x.data()[i];
      const float before = value;
      const float above = before + step, below = before - step;
      value = above;
      const double high = weighted(f(inputs), cotangent);
      value = below;
      const double low = weighted(f(inputs), cotangent);
      value = before;
      const double expected = (high - low) / (double{above} - double{below});
      INFO("input " << k << ", element " << i << " of " << x.shape());
      CHECK(std::abs(x.grad()[i] - expected) <= tolerance * largest);
    }
    x.drop_grad();
  }
}

double max_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double largest = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    largest = std::max(largest, std::abs(double{a.data()[i]} - double{b.data()[i]}));
  return largest;
}

}  // namespace longhaul
