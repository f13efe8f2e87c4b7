#include "longhaul/gradient_check.h"

#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/held_choices.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

// sum(y * cotangent) in double: differences of it are not drowned by rounding.
double weighted(const Tensor& y, const Tensor& cotangent) {
  double total = 0;
  for (int64_t i = 0; i < y.size(); ++i) total += double{y.data()[i]} * double{cotangent.data()[i]};
  return total;
}

double difference(const TensorFunction& f, const std::vector<Tensor>& inputs, float& value,
                  float step, const Tensor& cotangent) {
  const float before = value, above = before + step, below = before - step;
  value = above;
  const double high = weighted(f(inputs), cotangent);
  value = below;
  const double low = weighted(f(inputs), cotangent);
  value = before;
  return (high - low) / (double{above} - double{below});
}

}  // namespace

std::string gradient_fault(const TensorFunction& function, const std::vector<Tensor>& given,
                           double tolerance, float step) {
  HeldChoices choices;
  const TensorFunction f = [&](const std::vector<Tensor>& x) {
    choices.rewind();
    return function(x);
  };
  std::vector<Tensor> inputs;
  for (const Tensor& x : given) {
    inputs.push_back(x.clone());
    inputs.back().set_needs_grad(true);
  }
  Tensor cotangent;
  {
    Tape tape;
    const Tensor y = f(inputs);
    cotangent = Tensor::empty(y.shape());
    Rng rng(0, "cotangent");
    for (int64_t i = 0; i < y.size(); ++i)
      cotangent.data()[i] = static_cast<float>(rng.uniform(-1, 1));
    tape.backward(sum_all(mul(y, cotangent)));
  }
  std::string fault;
  double worst = tolerance;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const Tensor& x = inputs[k];
    double largest = 1e-2;
    for (int64_t i = 0; i < x.size(); ++i)
      largest = std::max(largest, std::abs(double{x.grad()[i]}));
    for (int64_t i = 0; i < x.size(); ++i) {
      const double expected = difference(f, inputs, x.data()[i], step, cotangent);
      const double error = std::abs(x.grad()[i] - expected) / largest;
      if (error <= worst) continue;
      worst = error;
      fault = text("input ", k, ", element ", i, " of ", x.shape(), ": the tape says ", x.grad()[i],
                   ", finite differences ", expected);
      if (std::isnan(error)) return fault;
    }
  }
  return fault;
}

}  // namespace longhaul
