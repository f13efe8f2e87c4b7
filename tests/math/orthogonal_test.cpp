#include "math/orthogonal.h"

#include <cmath>

#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

// The five steps for one singular value, in double.
double singular_value_after(double s) {
  for (int step = 0; step < 5; ++step)
    s = 3.4445 * s - 4.7750 * s * s * s + 2.0315 * std::pow(s, 5);
  return s;
}

Tensor orthogonal(const Tensor& x) {
  Tensor y = x.clone();
  make_orthogonal(y.data(), y.dim(0), y.dim(1));
  return y;
}

}  // namespace

TEST_CASE("make_orthogonal: each singular value goes as the polynomial says, vectors stay",
          "[optimizer]") {
  // U S V^T with known S, of three reflections' columns.
  const double S[] = {3, 2, 0.5};
  const double length = std::sqrt(9 + 4 + 0.25);
  for (const Shape& shape : {Shape{3, 5}, Shape{5, 3}, Shape{3, 3}}) {
    const auto reflection = [](int64_t n, int64_t i, int64_t j) {  // I - 2 v v^T, v all the same
      return (i == j ? 1.0 : 0.0) - 2.0 / static_cast<double>(n);
    };
    const auto product = [&](const auto& values) {
      Tensor x(shape);
      for (int64_t i = 0; i < shape[0]; ++i)
        for (int64_t j = 0; j < shape[1]; ++j)
          for (int64_t k = 0; k < 3; ++k)
            x.data()[i * shape[1] + j] += static_cast<float>(
                reflection(shape[0], i, k) * values(k) * reflection(shape[1], j, k));
      return x;
    };
    const Tensor x = product([&](int64_t k) { return S[k]; });
    const Tensor y = product([&](int64_t k) { return singular_value_after(S[k] / length); });
    CHECK(max_difference(orthogonal(x), y) < 1e-4);
  }
}

TEST_CASE("make_orthogonal: the size of x does not matter, and 0 stays", "[optimizer]") {
  const Tensor x = random_tensor({7, 20}, 1);
  CHECK(max_difference(orthogonal(x), orthogonal(scale(x, 1e-6f))) < 1e-5);
  CHECK(max_difference(orthogonal(Tensor({4, 3})), Tensor({4, 3})) == 0);
}
