#include <cmath>

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

// u, dt, a, b, c
std::vector<Tensor> inputs(const Sizes& s) {
  return {random_tensor({s.B, s.T, s.D}, 1), random_tensor({s.B, s.T, s.D}, 2, 0.01f, 1),
          random_tensor({s.N, s.D}, 3, -2, -0.05f), random_tensor({s.B, s.T, s.N}, 4),
          random_tensor({s.B, s.T, s.N}, 5)};
}

Tensor scan(const std::vector<Tensor>& in) {
  return selective_scan(in[0], in[1], in[2], in[3], in[4]);
}

Tensor naive(const std::vector<Tensor>& in) {
  const int64_t B = in[0].dim(0), T = in[0].dim(1), D = in[0].dim(2), N = in[2].dim(0);
  Tensor y(in[0].shape());
  for (int64_t b = 0; b < B; ++b)
    for (int64_t d = 0; d < D; ++d) {
      std::vector<double> h(static_cast<std::size_t>(N));
      for (int64_t t = 0; t < T; ++t) {
        const int64_t at = (b * T + t) * D + d;
        const double u = in[0].data()[at], dt = in[1].data()[at];
        double out = 0;
        for (int64_t n = 0; n < N; ++n) {
          double& state = h[static_cast<std::size_t>(n)];
          const int64_t row = (b * T + t) * N + n;
          state = std::exp(dt * double{in[2].data()[n * D + d]}) * state +
                  dt * u * double{in[3].data()[row]};
          out += state * double{in[4].data()[row]};
        }
        y.data()[at] = static_cast<float>(out);
      }
    }
  return y;
}

}  // namespace

TEST_CASE("selective_scan equals the loop", "[ops]") {
  for (const Sizes& s : {Sizes{1, 1, 1, 1}, {2, 2, 3, 2}, {3, 17, 9, 5}, {1, 700, 33, 4}}) {
    INFO(s.B << " " << s.T << " " << s.D << " " << s.N);
    const auto in = inputs(s);
    CHECK(max_difference(scan(in), naive(in)) < 2e-5);
  }
}

TEST_CASE("selective_scan has the gradient of finite differences, across chunks too", "[ops]") {
  for (const Sizes& s : {Sizes{1, 1, 1, 1},
                         {2, 2, 3, 2},
                         {2, 7, 3, 3},
                         {1, 19, 2, 2},
                         {1, 3, 35, 1},
                         {0, 3, 2, 2},
                         {2, 0, 2, 2},
                         {2, 3, 0, 2},
                         {2, 3, 2, 0}}) {
    INFO(s.B << " " << s.T << " " << s.D << " " << s.N);
    check_gradient(scan, inputs(s));
  }
}

TEST_CASE(
    "selective_scan adds to gradients that other readers have left, even of one tensor for two",
    "[ops]") {
  check_gradient(
      [](const auto& in) {
        return add(selective_scan(in[0], in[0], in[1], in[2], in[2]), mul(in[0], in[0]));
      },
      {random_tensor({2, 5, 3}, 2, 0.01f, 1), random_tensor({2, 3}, 3, -2, 0),
       random_tensor({2, 5, 2}, 4)});
}

TEST_CASE("selective_scan has the same bits inside a lane and out of it", "[ops]") {
  const auto in = inputs({2, 70, 67, 3});
  const Tensor outside = scan(in);
  const LaneScope lane;
  CHECK(max_difference(outside, scan(in)) == 0);
}

TEST_CASE("selective_scan never holds the states of all positions", "[ops]") {
  auto in = inputs({1, 4096, 32, 16});
  for (Tensor& x : in) x.set_needs_grad(true);
  const LaneScope lane;
  reset_peak_bytes();
  const int64_t before = live_bytes(Memory::activations);
  {
    Tape tape;
    tape.backward(sum_all(scan(in)));
  }
  const int64_t states = int64_t{4096} * 32 * 16 * 4;
  CHECK(peak_bytes(Memory::activations) - before < states / 2);
}

TEST_CASE("selective_scan names the shapes that do not fit", "[ops]") {
  auto in = inputs({2, 3, 4, 5});
  in[3] = Tensor({2, 3, 4});
  CHECK_THROWS_WITH(scan(in), Catch::Matchers::Contains("b (2, 3, 4), c (2, 3, 5)"));
}
