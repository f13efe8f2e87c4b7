#include <cmath>

#include "longhaul/error.h"
#include "longhaul/held_choices.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/results.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, N, K;
};

std::vector<Tensor> inputs(const Case& c) {
  return {random_tensor({c.B, c.T, c.K}, 1), random_tensor({c.K, c.N, c.N}, 2),
          random_tensor({c.B, c.T, 2 * c.N}, 3), random_tensor({c.B, c.T, 2 * c.N}, 4)};
}

Tensor operation(const std::vector<Tensor>& x) { return one_hot_scan(x[0], x[1], x[2], x[3]); }

// The recurrence with whole complex matrices, in double.
Tensor naive(const std::vector<Tensor>& x, const Case& c) {
  Tensor h(x[3].shape());
  for (int64_t at = 0; at < c.B * c.T; ++at) {
    const float *d = x[2].data() + at * 2 * c.N, *b = x[3].data() + at * 2 * c.N;
    float* next = h.data() + at * 2 * c.N;
    std::copy_n(b, 2 * c.N, next);
    if (at % c.T == 0) continue;
    const float* before = next - 2 * c.N;
    for (int64_t j = 0; j < c.N; ++j) {
      int64_t chosen = 0;
      double largest = -1e9;
      for (int64_t i = 0; i < c.N; ++i) {
        double m = 0;
        for (int64_t k = 0; k < c.K; ++k)
          m += double{x[0].data()[at * c.K + k]} * x[1].data()[(k * c.N + i) * c.N + j];
        if (m > largest) chosen = i;
        largest = std::max(largest, m);
      }
      next[chosen] += d[j] * before[j] - d[c.N + j] * before[c.N + j];
      next[c.N + chosen] += d[j] * before[c.N + j] + d[c.N + j] * before[j];
    }
  }
  return h;
}

}  // namespace

TEST_CASE("one_hot_scan equals its definition, at once and step by step", "[ops][one_hot]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 1, 1}, Case{2, 7, 5, 3}, Case{1, 40, 16, 8}, Case{2, 17, 3, 2},
                        Case{2, 0, 4, 2}}) {
    INFO(c.T << " positions, " << c.N << " states, " << c.K << " matrices");
    const auto in = inputs(c);
    const Tensor h = operation(in);
    CHECK(max_difference(h, naive(in, c)) < 1e-5);
    Tensor state({c.B, 2 * c.N});
    for (int64_t t = 0; t < c.T; ++t) {
      const auto row = [&](const Tensor& x) {
        return reshape(slice(x, 1, t, t + 1), {c.B, x.dim(2)});
      };
      state = one_hot_step(row(in[0]), in[1], row(in[2]), row(in[3]), state);
      CHECK(max_difference(state, row(h)) == 0);
    }
  }
}

TEST_CASE("one_hot_scan has the gradient of its surrogate by finite differences",
          "[ops][one_hot]") {
  const LaneScope lane;
  for (const Case& c : {Case{1, 1, 2, 1}, Case{2, 5, 3, 2}, Case{1, 19, 2, 3}, Case{0, 3, 2, 2}})
    check_gradient(operation, inputs(c));
}

TEST_CASE(
    "held choices: the first pass has the operator's value, the next ones move with the softmax",
    "[ops][one_hot]") {
  auto in = inputs({1, 9, 4, 2});
  const Tensor plain = operation(in);
  HeldChoices choices;
  CHECK(max_difference(operation(in), plain) < 1e-6);
  const auto moved_by = [&](float step) {
    choices.rewind();
    auto moved = in;
    moved[1] = in[1].clone();
    moved[1].data()[5] += step;
    return max_difference(operation(moved), plain);
  };
  CHECK(moved_by(0) < 1e-6);
  const double once = moved_by(1e-3f);
  CHECK(once > 1e-5);
  CHECK(moved_by(2e-3f) == Approx(2 * once).epsilon(0.05));
}

TEST_CASE("one_hot_scan has the same bits for any number of threads", "[ops][one_hot]") {
  const auto run = [] { return value_and_gradients(operation, inputs({3, 30, 6, 3})); };
  CHECK(largest_difference(with_threads(2, run), with_threads(1, run)) == 0);
}

TEST_CASE("one_hot_scan names what does not fit", "[ops][one_hot]") {
  const Tensor s({2, 5, 3}), b({2, 5, 8});
  CHECK_THROWS_AS(one_hot_scan(s, Tensor({3, 4, 3}), b, b), Error);
  CHECK_THROWS_AS(one_hot_scan(s, Tensor({2, 4, 4}), b, b), Error);
  CHECK_THROWS_AS(one_hot_step(Tensor({2, 3}), Tensor({3, 4, 4}), Tensor({2, 8}), Tensor({2, 8}),
                               Tensor({1, 8})),
                  Error);
}
