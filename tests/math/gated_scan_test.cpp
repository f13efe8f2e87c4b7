#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

Tensor naive(const Tensor& a, const Tensor& b) {
  const int64_t B = b.dim(0), T = b.dim(1), N = b.dim(2);
  Tensor x(b.shape());
  for (int64_t i = 0; i < B; ++i)
    for (int64_t n = 0; n < N; ++n) {
      double state = 0;
      for (int64_t t = 0; t < T; ++t) {
        const int64_t at = (i * T + t) * N + n;
        state = double{a.data()[a.rank() == 1 ? n : at]} * state + double{b.data()[at]};
        x.data()[at] = static_cast<float>(state);
      }
    }
  return x;
}

struct Gradients {
  Tensor x, da, db;
};

Gradients run(const Tensor& a, const Tensor& b) {
  Tensor gates = a.clone(), inputs = b.clone();
  gates.set_needs_grad(true);
  inputs.set_needs_grad(true);
  Tape tape;
  const Tensor x = gated_scan(gates, inputs);
  tape.backward(sum_all(mul(x, random_tensor(x.shape(), 7))));
  const auto copy = [](const Tensor& t) {
    Tensor gradient(t.shape());
    std::copy_n(t.grad(), t.size(), gradient.data());
    return gradient;
  };
  return {x, copy(gates), copy(inputs)};
}

double largest(const Tensor& x) { return max_difference(x, Tensor(x.shape())); }

}  // namespace

TEST_CASE("gated_scan equals the loop, with gates of each position and with fixed ones", "[ops]") {
  for (auto [B, T, N] : {std::tuple{1, 1, 1}, {2, 2, 3}, {3, 17, 9}, {1, 2500, 5}, {9, 40, 2}}) {
    INFO(B << " " << T << " " << N);
    const Tensor b = random_tensor({B, T, N}, 1);
    for (const Shape& gates : {Shape{B, T, N}, Shape{N}}) {
      const Tensor a = random_tensor(gates, 2, -0.5f, 1);
      CHECK(max_difference(gated_scan(a, b), naive(a, b)) < 2e-5);
    }
  }
}

TEST_CASE("gated_scan has the gradient of finite differences", "[ops]") {
  for (auto [B, T, N] :
       {std::tuple{1, 1, 1}, {2, 2, 3}, {2, 7, 5}, {0, 3, 2}, {2, 0, 2}, {2, 3, 0}}) {
    INFO(B << " " << T << " " << N);
    for (const Shape& gates : {Shape{B, T, N}, Shape{N}})
      check_gradient([](const auto& in) { return gated_scan(in[0], in[1]); },
                     {random_tensor(gates, 3, 0, 1), random_tensor({B, T, N}, 4)});
  }
}

TEST_CASE("gated_scan adds to gradients that other readers have left, even of one tensor for both",
          "[ops]") {
  check_gradient(
      [](const auto& in) { return add(gated_scan(in[0], in[1]), mul(in[0], mul(in[1], in[1]))); },
      {random_tensor({2, 5, 3}, 3, 0, 1), random_tensor({2, 5, 3}, 4)});
  check_gradient([](const auto& in) { return gated_scan(in[0], in[0]); },
                 {random_tensor({2, 5, 3}, 3, 0, 1)});
}

TEST_CASE("gated_scan in chunks agrees with the scan inside a lane, whatever the threads",
          "[ops]") {
  for (const Shape& gates : {Shape{2, 3001, 6}, Shape{6}}) {
    INFO(gates);
    const Tensor a = random_tensor(gates, 5, 0.9f, 1), b = random_tensor({2, 3001, 6}, 6);
    const auto run_both = [&] { return run(a, b); };
    const Gradients one = with_threads(1, run_both), two = with_threads(2, run_both);
    const LaneScope lane;
    const Gradients whole = run(a, b);
    for (auto part : {&Gradients::x, &Gradients::da, &Gradients::db}) {
      CHECK(max_difference(one.*part, two.*part) == 0);
      CHECK(max_difference(one.*part, whole.*part) < 1e-5 * (1 + largest(whole.*part)));
    }
  }
}

TEST_CASE("gated_scan names the shapes that do not fit", "[ops]") {
  CHECK_THROWS_WITH(gated_scan(Tensor({4}), Tensor({2, 3, 6})),
                    "gated_scan: a (4) for b (2, 3, 6), not [B, T, N] or [N] for [B, T, N]");
  CHECK_THROWS_AS(gated_scan(Tensor({2, 2, 6}), Tensor({2, 3, 6})), Error);
}
