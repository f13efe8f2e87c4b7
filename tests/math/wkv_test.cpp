#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

// The definition, pair by pair, each exponent relative to the largest.
Tensor naive(const Tensor& w, const Tensor& u, const Tensor& k, const Tensor& v) {
  const int64_t B = k.dim(0), T = k.dim(1), N = k.dim(2);
  Tensor y(k.shape());
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < T; ++t)
      for (int64_t n = 0; n < N; ++n) {
        const auto at = [&](int64_t i) { return (b * T + i) * N + n; };
        const auto exponent = [&](int64_t i) {
          return double{k.data()[at(i)]} +
                 (i == t ? double{u.data()[n]}
                         : -double{w.data()[n]} * static_cast<double>(t - 1 - i));
        };
        double most = exponent(t), weights = 0, sum = 0;
        for (int64_t i = 0; i < t; ++i) most = std::max(most, exponent(i));
        for (int64_t i = 0; i <= t; ++i) {
          weights += std::exp(exponent(i) - most);
          sum += std::exp(exponent(i) - most) * double{v.data()[at(i)]};
        }
        y.data()[at(t)] = static_cast<float>(sum / weights);
      }
  return y;
}

}  // namespace

TEST_CASE("wkv equals the weighted mean of its definition", "[ops]") {
  for (auto [B, T, N] : {std::tuple{1, 1, 1}, {2, 2, 3}, {3, 17, 9}, {1, 301, 5}, {2, 9, 131}}) {
    INFO(B << " " << T << " " << N);
    const Tensor w = random_tensor({N}, 1, 0, 2), u = random_tensor({N}, 2);
    const Tensor k = random_tensor({B, T, N}, 3, -3, 3), v = random_tensor({B, T, N}, 4);
    CHECK(max_difference(wkv(w, u, k, v), naive(w, u, k, v)) < 1e-5);
  }
}

TEST_CASE("wkv stays exact where the sums of exponentials would overflow or vanish", "[ops]") {
  const Tensor w = random_tensor({4}, 1, 0, 0.01f), u = random_tensor({4}, 2);
  const Tensor v = random_tensor({1, 200, 4}, 4);
  for (float size : {100.0f, 300.0f}) {
    const Tensor k = random_tensor({1, 200, 4}, 3, -size, size);
    CHECK(max_difference(wkv(w, u, k, v), naive(w, u, k, v)) < 1e-3);
  }
}

TEST_CASE("wkv has the gradient of finite differences", "[ops]") {
  for (auto [B, T, N] :
       {std::tuple{1, 1, 1}, {2, 2, 3}, {2, 7, 5}, {0, 3, 2}, {2, 0, 2}, {2, 3, 0}}) {
    INFO(B << " " << T << " " << N);
    check_gradient([](const auto& in) { return wkv(in[0], in[1], in[2], in[3]); },
                   {random_tensor({N}, 1, 0, 2), random_tensor({N}, 2),
                    random_tensor({B, T, N}, 3, -2, 2), random_tensor({B, T, N}, 4)});
  }
  check_gradient([](const auto& in) { return wkv(in[0], in[0], in[1], in[1]); },
                 {random_tensor({3}, 1, 0, 2), random_tensor({2, 5, 3}, 3)});
}

TEST_CASE("wkv has the same bits inside a lane and on any number of threads", "[ops]") {
  const Tensor w = random_tensor({131}, 1, 0, 2), u = random_tensor({131}, 2);
  const Tensor k = random_tensor({2, 50, 131}, 3), v = random_tensor({2, 50, 131}, 4);
  const Tensor outside = wkv(w, u, k, v);
  const LaneScope lane;
  CHECK(max_difference(outside, wkv(w, u, k, v)) == 0);
}

TEST_CASE("wkv names the shapes that do not fit", "[ops]") {
  CHECK_THROWS_WITH(wkv(Tensor({4}), Tensor({4}), Tensor({2, 3, 6}), Tensor({2, 3, 6})),
                    Catch::Matchers::StartsWith("wkv: w (4), u (4), k (2, 3, 6)"));
}
