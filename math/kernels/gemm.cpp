#include "math/kernels/gemm.h"

#include <algorithm>

#include "math/kernels/panels.h"

namespace longhaul {
namespace {

constexpr int64_t kSlab = 256;  // values of k at a time: what they need of A and B stays in cache

void product(const Gemm& s, const float* a, const float* b, float* c) {
  const int64_t a_stride = s.transpose_a ? s.m : s.k;
  for (int64_t begin = 0; begin < s.k; begin += kSlab) {
    const int64_t k = std::min(kSlab, s.k - begin);
    const tile::Left left{a + begin * (s.transpose_a ? a_stride : 1), a_stride, s.transpose_a};
    const bool go_on = s.accumulate || begin > 0;
    if (s.transpose_b) {
      Panels panels(k, s.n);
      panels.load_transposed(b + begin, s.k);
      panels.multiply(s.m, left, c, s.n, go_on);
    } else {
      multiply(s.m, left, {b + begin * s.n, k, s.n, s.n}, c, s.n, go_on);
    }
  }
}

}  // namespace

void gemm(const Gemm& shape, const float* a, const float* b, float* c) {
  const int64_t m = shape.m, n = shape.n, k = shape.k;
  if (k == 0 && !shape.accumulate) std::fill_n(c, shape.batch * m * n, 0.0f);
  if (m == 0 || n == 0 || k == 0) return;
  for (int64_t i = 0; i < shape.batch; ++i)
    product(shape, a + i * m * k, b + i * k * n, c + i * m * n);
}

}  // namespace longhaul
