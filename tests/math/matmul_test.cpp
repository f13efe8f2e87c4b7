#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/gemm.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

Shape matrix_shape(int64_t batch, int64_t rows, int64_t columns) {
  return batch ? Shape{batch, rows, columns} : Shape{rows, columns};
}

}  // namespace

TEST_CASE("matmul equals the triple loop for every transposition, batch and odd size", "[ops]") {
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      for (int64_t batch : {0, 3})  // 0: plain matrices
        for (auto [m, k, n] :
             {std::tuple{1, 1, 1}, {2, 3, 5}, {7, 2, 1}, {17, 9, 33}, {2, 0, 3}, {0, 2, 3}}) {
          INFO(ta << tb << " batch " << batch << ": " << m << " " << k << " " << n);
          const Tensor a =
              random_tensor(ta ? matrix_shape(batch, k, m) : matrix_shape(batch, m, k), 1);
          const Tensor b =
              random_tensor(tb ? matrix_shape(batch, n, k) : matrix_shape(batch, k, n), 2);
          const Tensor y = matmul(a, b, ta, tb);
          REQUIRE(y.shape() == matrix_shape(batch, m, n));
          for (int64_t q = 0; q < std::max<int64_t>(batch, 1); ++q)
            for (int64_t i = 0; i < m; ++i)
              for (int64_t j = 0; j < n; ++j) {
                double expected = 0;
                for (int64_t l = 0; l < k; ++l)
                  expected += double{a.data()[q * m * k + (ta ? l * m + i : i * k + l)]} *
                              double{b.data()[q * k * n + (tb ? j * k + l : l * n + j)]};
                CHECK(y.data()[(q * m + i) * n + j] == Approx(expected).margin(1e-5));
              }
          if (m * k * n < 100)
            check_gradient(
                [ta = ta, tb = tb](const auto& in) { return matmul(in[0], in[1], ta, tb); },
                {a, b});
        }
}

TEST_CASE("matmul applies one weight to all leading axes", "[ops]") {
  const Tensor x = random_tensor({2, 3, 4}, 1), w = random_tensor({4, 5}, 2);
  const Tensor y = matmul(x, w);
  REQUIRE(y.shape() == Shape{2, 3, 5});
  CHECK(max_difference(reshape(y, {6, 5}), matmul(reshape(x, {6, 4}), w)) == 0);
  check_gradient([](const auto& in) { return matmul(in[0], in[1]); }, {x, w});
  check_gradient([](const auto& in) { return matmul(in[0], in[1], false, true); },
                 {x, random_tensor({5, 4}, 3)});
}

TEST_CASE("matmul repeats leading extents of 1 and missing ones", "[ops]") {
  const Tensor a = random_tensor({2, 1, 3, 4}, 1), b = random_tensor({5, 4, 2}, 2);
  const Tensor y = matmul(a, b);
  REQUIRE(y.shape() == Shape{2, 5, 3, 2});
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 5; ++j) {
      const Tensor one =
          matmul(reshape(slice(a, 0, i, i + 1), {3, 4}), reshape(slice(b, 0, j, j + 1), {4, 2}));
      const Tensor part = slice(slice(y, 0, i, i + 1), 1, j, j + 1);
      CHECK(max_difference(reshape(part, {3, 2}), one) < 1e-6);
    }
  check_gradient([](const auto& in) { return matmul(in[0], in[1]); }, {a, b});
  check_gradient([](const auto& in) { return matmul(in[0], in[1], true); },
                 {random_tensor({2, 4, 3}, 3), random_tensor({4, 2}, 4)});
}

TEST_CASE("matmul names the shapes that do not fit", "[ops]") {
  CHECK_THROWS_WITH(matmul(Tensor({2, 10, 8}), Tensor({3, 5})), "matmul: (2, 10, 8) x (3, 5)");
  CHECK_THROWS_AS(matmul(Tensor({2, 3, 4}), Tensor({3, 4, 5})), Error);
  CHECK_THROWS_AS(matmul(Tensor({3}), Tensor({3, 4})), Error);
}

TEST_CASE("matmul has the same bits for one and two threads", "[ops]") {
  const Tensor x = random_tensor({1100, 32}, 1), w = random_tensor({32, 48}, 2);
  const auto product = [&] { return matmul(x, w); };
  CHECK(max_difference(with_threads(2, product), with_threads(1, product)) == 0);
}

// What gemm promises on every machine.
TEST_CASE("gemm: each value is one chain of multiply-adds in the order of k", "[ops]") {
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      for (bool accumulate : {false, true})
        // Panels that are whole, ragged or read in place; blocks of rows; slabs of k.
        for (auto [m, k, n] : {std::tuple{1, 130, 10},
                               {300, 70, 64},
                               {50, 20, 80},
                               {7, 1100, 130},
                               {60, 300, 256},
                               {100, 5, 65},
                               {13, 9, 16}}) {
          INFO(ta << tb << accumulate << ": " << m << " " << k << " " << n);
          const Tensor a = random_tensor({m * k}, 1), b = random_tensor({k * n}, 2);
          const Tensor c = random_tensor({m, n}, 3), expected = c.clone();
          for (int64_t i = 0; i < m; ++i)
            for (int64_t j = 0; j < n; ++j) {
              float& sum = expected.data()[i * n + j];
              if (!accumulate) sum = 0;
              for (int64_t l = 0; l < k; ++l)
                sum = std::fma(a.data()[ta ? l * m + i : i * k + l],
                               b.data()[tb ? j * k + l : l * n + j], sum);
            }
          gemm({ta, tb, m, n, k, accumulate}, a.data(), b.data(), c.data());
          CHECK(max_difference(c, expected) == 0);
        }
}
