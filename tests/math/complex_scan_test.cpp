#include <cmath>
#include <complex>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

// N points of modulus `radius` at angles spread over the circle.
Tensor on_circle(int64_t N, double radius) {
  Tensor lambda({2 * N});
  for (int64_t n = 0; n < N; ++n) {
    const std::complex<double> value = std::polar(radius, 0.1 + 2.0 * static_cast<double>(n));
    lambda.data()[n] = static_cast<float>(value.real());
    lambda.data()[N + n] = static_cast<float>(value.imag());
  }
  return lambda;
}

Tensor naive_scan(const Tensor& lambda, const Tensor& u) {
  const int64_t B = u.dim(0), T = u.dim(1), N = u.dim(2) / 2;
  Tensor x(u.shape());
  for (int64_t b = 0; b < B; ++b)
    for (int64_t n = 0; n < N; ++n) {
      const std::complex<double> l(lambda.data()[n], lambda.data()[N + n]);
      std::complex<double> state = 0;
      for (int64_t t = 0; t < T; ++t) {
        const int64_t at = (b * T + t) * 2 * N + n;
        state = l * state + std::complex<double>(u.data()[at], u.data()[at + N]);
        x.data()[at] = static_cast<float>(state.real());
        x.data()[at + N] = static_cast<float>(state.imag());
      }
    }
  return x;
}

struct Gradients {
  Tensor x, dlambda, du;
};

Gradients run(const Tensor& lambda, const Tensor& u) {
  Tensor l = lambda.clone(), v = u.clone();
  l.set_needs_grad(true);
  v.set_needs_grad(true);
  Tape tape;
  const Tensor x = complex_scan(l, v);
  tape.backward(sum_all(mul(x, random_tensor(x.shape(), 7))));
  const auto copy = [](const Tensor& t) {
    Tensor gradient(t.shape());
    std::copy_n(t.grad(), t.size(), gradient.data());
    return gradient;
  };
  return {x, copy(l), copy(v)};
}

double largest(const Tensor& x) { return max_difference(x, Tensor(x.shape())); }

}  // namespace

TEST_CASE("complex_scan equals the loop over complex numbers", "[ops]") {
  for (auto [B, T, N] : {std::tuple{1, 1, 1}, {2, 2, 3}, {3, 17, 9}, {1, 2500, 5}, {9, 40, 2}}) {
    INFO(B << " " << T << " " << N);
    const Tensor lambda = on_circle(N, 0.97), u = random_tensor({B, T, 2 * N}, 1);
    CHECK(max_difference(complex_scan(lambda, u), naive_scan(lambda, u)) < 2e-5);
  }
}

TEST_CASE("complex_scan has the gradient of finite differences", "[ops]") {
  for (auto [B, T, N] :
       {std::tuple{1, 1, 1}, {2, 2, 3}, {2, 7, 5}, {0, 3, 2}, {2, 0, 2}, {2, 3, 0}}) {
    INFO(B << " " << T << " " << N);
    check_gradient([](const auto& in) { return complex_scan(in[0], in[1]); },
                   {on_circle(N, 0.8), random_tensor({B, T, 2 * N}, 2)});
  }
}

TEST_CASE("complex_scan adds to a gradient that another reader of u has left", "[ops]") {
  check_gradient([](const auto& in) { return add(complex_scan(in[0], in[1]), mul(in[1], in[1])); },
                 {on_circle(3, 0.8), random_tensor({2, 5, 6}, 2)});
}

TEST_CASE("complex_scan in chunks agrees with the scan inside a lane", "[ops]") {
  for (double radius : {0.9, 0.999, 1 - 1e-6}) {
    INFO("modulus " << radius);
    const Tensor lambda = on_circle(6, radius), u = random_tensor({2, 3001, 12}, 3);
    const Gradients chunked = run(lambda, u);
    const LaneScope lane;
    const Gradients whole = run(lambda, u);
    CHECK(max_difference(chunked.x, whole.x) < 1e-5 * (1 + largest(whole.x)));
    CHECK(max_difference(chunked.du, whole.du) < 1e-5 * (1 + largest(whole.du)));
    CHECK(max_difference(chunked.dlambda, whole.dlambda) < 1e-5 * (1 + largest(whole.dlambda)));
  }
}

TEST_CASE("complex_scan stays accurate when lambda is almost on the unit circle", "[ops]") {
  const Tensor lambda = on_circle(4, 1 - 1e-6), u = random_tensor({1, 4000, 8}, 4);
  const Tensor expected = naive_scan(lambda, u);
  CHECK(max_difference(complex_scan(lambda, u), expected) < 1e-4 * largest(expected));
}

TEST_CASE("complex_scan has the same bits for one and two threads", "[ops]") {
  const Tensor lambda = on_circle(5, 0.99), u = random_tensor({2, 2100, 10}, 5);
  const auto run_both = [&] { return run(lambda, u); };
  const Gradients one = with_threads(1, run_both), two = with_threads(2, run_both);
  CHECK(max_difference(one.x, two.x) == 0);
  CHECK(max_difference(one.du, two.du) == 0);
  CHECK(max_difference(one.dlambda, two.dlambda) == 0);
}

TEST_CASE("complex_scan names the shapes that do not fit", "[ops]") {
  CHECK_THROWS_WITH(complex_scan(Tensor({4}), Tensor({2, 3, 6})),
                    "complex_scan: lambda (4) for u (2, 3, 6), not [2N] for [B, T, 2N]");
  CHECK_THROWS_AS(complex_scan(Tensor({3}), Tensor({2, 3, 3})), Error);
}
