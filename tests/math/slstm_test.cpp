#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/results.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, N, block;
};

std::vector<Tensor> inputs(const Case& c, float largest = 2) {
  return {random_tensor({c.B, c.T, 4 * c.N}, 1, -largest, largest),
          random_tensor({4, c.N / c.block, c.block, c.block}, 2)};
}

Tensor operation(const std::vector<Tensor>& x) { return slstm_recurrence(x[0], x[1]); }

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Plain exponentials, in double: eq. 8 to 14 without the stabiliser.
Tensor naive(const std::vector<Tensor>& x, const Case& c) {
  Tensor y({c.B, c.T, c.N});
  const auto N = static_cast<std::size_t>(c.N);
  for (int64_t b = 0; b < c.B; ++b) {
    std::vector<double> h(N), cell(N), total(N);
    for (int64_t t = 0; t < c.T; ++t) {
      const std::vector<double> before = h;
      for (int64_t i = 0; i < c.N; ++i) {
        double gate[4];
        const int64_t k = i / c.block;
        for (int64_t g = 0; g < 4; ++g) {
          gate[g] = double{x[0].data()[(b * c.T + t) * 4 * c.N + g * c.N + i]};
          for (int64_t j = 0; j < c.block; ++j)
            gate[g] +=
                double{x[1].data()[((g * (c.N / c.block) + k) * c.block + i % c.block) * c.block +
                                   j]} *
                before[static_cast<std::size_t>(k * c.block + j)];
        }
        const auto n = static_cast<std::size_t>(i);
        cell[n] = logistic(gate[1]) * cell[n] + std::exp(gate[0]) * std::tanh(gate[2]);
        total[n] = logistic(gate[1]) * total[n] + std::exp(gate[0]);
        h[n] = logistic(gate[3]) * cell[n] / total[n];
        y.data()[(b * c.T + t) * c.N + i] = static_cast<float>(h[n]);
      }
    }
  }
  return y;
}

}  // namespace

TEST_CASE("slstm_recurrence equals its definition, at once and step by step", "[ops][slstm]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 1, 1}, Case{2, 7, 6, 3}, Case{9, 5, 8, 2}, Case{2, 33, 32, 32},
                        Case{3, 4, 10, 5}, Case{2, 0, 4, 2}}) {
    INFO(c.T << " positions, width " << c.N << " in blocks of " << c.block);
    const auto in = inputs(c);
    const Tensor y = operation(in), expected = naive(in, c);
    CHECK(max_difference(y, expected) < 1e-5);
    Tensor state = slstm_state(c.B, c.N);
    for (int64_t t = 0; t < c.T; ++t) {
      const Tensor h = slstm_step(reshape(slice(in[0], 1, t, t + 1), {c.B, 4 * c.N}), in[1], state);
      CHECK(max_difference(h, reshape(slice(y, 1, t, t + 1), h.shape())) < 1e-6);
    }
  }
}

TEST_CASE("slstm_recurrence stays exact where exponential gates would overflow", "[ops][slstm]") {
  const auto in = inputs({1, 60, 4, 2});
  std::vector<Tensor> shifted = in;  // all input gates by one factor: h is the same
  shifted[0] = in[0].clone();
  for (int64_t t = 0; t < 60; ++t)
    for (int64_t i = 0; i < 4; ++i) shifted[0].data()[t * 16 + i] += 200;
  CHECK(max_difference(operation(shifted), operation(in)) < 1e-4);
}

TEST_CASE("slstm_recurrence has the gradient of finite differences", "[ops][slstm]") {
  const LaneScope lane;
  for (const Case& c :
       {Case{1, 1, 1, 1}, Case{2, 7, 6, 3}, Case{9, 3, 2, 1}, Case{1, 12, 4, 4}, Case{0, 3, 2, 2}})
    check_gradient(operation, inputs(c, 1));
}

TEST_CASE("slstm_recurrence has the same bits for any number of threads", "[ops][slstm]") {
  const auto run = [] { return value_and_gradients(operation, inputs({20, 30, 8, 4})); };
  CHECK(largest_difference(with_threads(2, run), with_threads(1, run)) == 0);
}

TEST_CASE("slstm_recurrence names what does not fit", "[ops][slstm]") {
  CHECK_THROWS_AS(slstm_recurrence(Tensor({2, 5, 8}), Tensor({4, 1, 3, 3})), Error);
  CHECK_THROWS_AS(slstm_recurrence(Tensor({2, 8}), Tensor({4, 1, 2, 2})), Error);
}
