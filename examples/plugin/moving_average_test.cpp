// The operator against a naive loop and against finite differences.

#include <cmath>
#include <iostream>

#include "longhaul/gradient_check.h"
#include "longhaul/rng.h"
#include "moving_average.h"

using namespace longhaul;

namespace {

Tensor random_tensor(const Shape& shape, uint64_t seed, double low, double high) {
  Tensor x(shape);
  Rng rng(seed, "moving_average_test");
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(rng.uniform(low, high));
  return x;
}

int failures = 0;

void expect(bool ok, const std::string& message) {
  if (ok) return;
  std::cerr << message << '\n';
  ++failures;
}

void check_size(int64_t B, int64_t T, int64_t D) {
  const Tensor a = random_tensor({D}, 1, 0.2, 0.9), x = random_tensor({B, T, D}, 2, -1, 1),
               first = random_tensor({B, D}, 3, -1, 1);
  const Tensor y = moving_average(a, x, first);
  for (int64_t i = 0; i < B * D; ++i) {
    double expected = first.data()[i];
    for (int64_t t = 0; t < T; ++t) {
      const int64_t at = (i / D * T + t) * D + i % D;
      expected += (1 - double{a.data()[i % D]}) * (x.data()[at] - expected);
      expect(std::abs(y.data()[at] - expected) < 1e-5, "value at " + std::to_string(at));
    }
  }
  expect(gradient_fault(
             [](const std::vector<Tensor>& in) { return moving_average(in[0], in[1], in[2]); },
             {a, x, first}) == "",
         "gradient");
}

}  // namespace

int main() {
  for (int64_t T : {0, 1, 2, 7}) check_size(2, T, 3);
  check_size(1, 33, 5);
  return failures == 0 ? 0 : 1;
}
