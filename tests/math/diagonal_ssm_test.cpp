#include <cmath>
#include <complex>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

struct Sizes {
  int64_t B, T, D, N;
};

// lambda of modulus `radius` at angles spread over the circle, c, u
std::vector<Tensor> inputs(const Sizes& s, double radius) {
  Tensor lambda({2 * s.N, s.D});
  for (int64_t i = 0; i < s.N * s.D; ++i) {
    const std::complex<double> value = std::polar(radius, 0.1 + 2.0 * static_cast<double>(i));
    lambda.data()[i] = static_cast<float>(value.real());
    lambda.data()[s.N * s.D + i] = static_cast<float>(value.imag());
  }
  return {lambda, random_tensor({2 * s.N, s.D}, 2), random_tensor({s.B, s.T, s.D}, 3)};
}

Tensor ssm(const std::vector<Tensor>& in) { return diagonal_ssm(in[0], in[1], in[2]); }

Tensor naive(const std::vector<Tensor>& in) {
  const int64_t B = in[2].dim(0), T = in[2].dim(1), D = in[2].dim(2), N = in[0].dim(0) / 2;
  Tensor y(in[2].shape());
  for (int64_t b = 0; b < B; ++b)
    for (int64_t d = 0; d < D; ++d)
      for (int64_t n = 0; n < N; ++n) {
        const auto at = [&](const Tensor& x) {
          return std::complex<double>(x.data()[n * D + d], x.data()[(N + n) * D + d]);
        };
        std::complex<double> x = 0;
        for (int64_t t = 0; t < T; ++t) {
          const int64_t row = (b * T + t) * D + d;
          x = at(in[0]) * x + double{in[2].data()[row]};
          y.data()[row] += static_cast<float>((at(in[1]) * x).real());
        }
      }
  return y;
}

}  // namespace

TEST_CASE("diagonal_ssm equals the loop over complex numbers", "[ops]") {
  for (const Sizes& s : {Sizes{1, 1, 1, 1}, {2, 2, 3, 2}, {3, 17, 9, 5}, {1, 700, 17, 3}}) {
    INFO(s.B << " " << s.T << " " << s.D << " " << s.N);
    const auto in = inputs(s, 0.95);
    CHECK(max_difference(ssm(in), naive(in)) < 5e-5);
  }
}

TEST_CASE("diagonal_ssm has the gradient of finite differences, across chunks too", "[ops]") {
  for (const Sizes& s : {Sizes{1, 1, 1, 1},
                         {2, 2, 3, 2},
                         {2, 7, 9, 3},
                         {1, 67, 1, 1},
                         {0, 3, 2, 2},
                         {2, 0, 2, 2},
                         {2, 3, 0, 2},
                         {2, 3, 2, 0}}) {
    INFO(s.B << " " << s.T << " " << s.D << " " << s.N);
    check_gradient(ssm, inputs(s, 0.8));
  }
}

TEST_CASE("diagonal_ssm adds to a gradient that another reader of u has left", "[ops]") {
  check_gradient([](const auto& in) { return add(ssm(in), mul(in[2], in[2])); },
                 inputs({2, 5, 3, 2}, 0.8));
}

TEST_CASE("diagonal_ssm has the same bits inside a lane and out of it", "[ops]") {
  const auto in = inputs({2, 131, 19, 3}, 0.99);
  const Tensor outside = ssm(in);
  const LaneScope lane;
  CHECK(max_difference(outside, ssm(in)) == 0);
}

TEST_CASE("diagonal_ssm stays accurate when lambda is almost on the unit circle", "[ops]") {
  const auto in = inputs({1, 4000, 8, 2}, 1 - 1e-6);
  const Tensor expected = naive(in);
  CHECK(max_difference(ssm(in), expected) <
        1e-4 * max_difference(expected, Tensor(expected.shape())));
}

TEST_CASE("diagonal_ssm never holds the states of all positions", "[ops]") {
  auto in = inputs({1, 4096, 16, 32}, 0.9);
  for (Tensor& x : in) x.set_needs_grad(true);
  const LaneScope lane;
  reset_peak_bytes();
  const int64_t before = live_bytes(Memory::activations);
  {
    Tape tape;
    tape.backward(sum_all(ssm(in)));
  }
  const int64_t states = int64_t{4096} * 16 * 64 * 4;
  CHECK(peak_bytes(Memory::activations) - before < states / 4);
}

TEST_CASE("diagonal_ssm names the shapes that do not fit", "[ops]") {
  CHECK_THROWS_WITH(
      diagonal_ssm(Tensor({4, 3}), Tensor({4, 3}), Tensor({2, 5, 4})),
      "diagonal_ssm: lambda (4, 3), c (4, 3), u (2, 5, 4), not [2N, D], [2N, D], [B, T, D]");
}
