#include "math/orthogonal.h"

#include <algorithm>
#include <cmath>

#include "math/kernels/gemm.h"
#include "math/memory.h"

namespace longhaul {

void make_orthogonal(float* x, int64_t rows, int64_t columns) {
  constexpr int kSteps = 5;
  constexpr float a = 3.4445f, b = -4.7750f, c = 2.0315f;
  const int64_t size = rows * columns, n = std::min(rows, columns);
  double square = 0;
  for (int64_t i = 0; i < size; ++i) square += double{x[i]} * double{x[i]};
  if (square == 0) return;
  const auto inverse = static_cast<float>(1 / std::sqrt(square));
  for (int64_t i = 0; i < size; ++i) x[i] *= inverse;

  // A is X X^T of a wide x and X^T X of a tall one: as small as may be. It is symmetric.
  const bool is_wide = rows <= columns;
  const Gemm inner = is_wide ? Gemm{.transpose_b = true, .m = n, .n = n, .k = columns}
                             : Gemm{.transpose_a = true, .m = n, .n = n, .k = rows};
  const Gemm squared{.m = n, .n = n, .k = n};
  const Gemm outer{.m = rows, .n = columns, .k = n};
  PooledVector<float> A(static_cast<std::size_t>(n * n)), A2(A), turned(size);
  for (int step = 0; step < kSteps; ++step) {
    gemm(inner, x, x, A.data());
    gemm(squared, A.data(), A.data(), A2.data());
    for (std::size_t i = 0; i < A.size(); ++i) A[i] = b * A[i] + c * A2[i];
    gemm(outer, is_wide ? A.data() : x, is_wide ? x : A.data(), turned.data());
    for (int64_t i = 0; i < size; ++i) x[i] = a * x[i] + turned[i];
  }
}

}  // namespace longhaul
