#include "math/kernels/gemm.h"

#include <algorithm>

#include "math/kernels/panels.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kSlab = 256;  // values of k at a time: what they need of A and B stays in cache

// Rows [first, last) of C.
void product(const Gemm& s, int64_t first, int64_t last, const float* a, const float* b, float* c) {
  const int64_t a_stride = s.transpose_a ? s.m : s.k;
  a += first * (s.transpose_a ? 1 : a_stride);
  c += first * s.n;
  for (int64_t begin = 0; begin < s.k; begin += kSlab) {
    const int64_t k = std::min(kSlab, s.k - begin);
    const tile::Left left{a + begin * (s.transpose_a ? a_stride : 1), a_stride, s.transpose_a};
    const bool go_on = s.accumulate || begin > 0;
    if (s.transpose_b || s.precision != Precision::float32) {
      Panels panels(k, s.n, s.precision);
      if (s.transpose_b)
        panels.load_transposed(b + begin, s.k);
      else
        panels.load(b + begin * s.n);
      panels.multiply(last - first, left, c, s.n, go_on);
    } else {
      multiply(last - first, left, {b + begin * s.n, k, s.n, s.n}, c, s.n, go_on);
    }
  }
}

// Calls body(first, last) for parts of the rows of C. Every thread lays out B anew, so that few
// rows are not worth it, unless each is long.
template <class Body>
void split_rows(const Gemm& s, Body body) {
  constexpr int64_t kFewProducts = 1 << 18, kTile = 16;
  const int64_t worth = kFewProducts / std::max<int64_t>(s.n * s.k, 1);
  if (s.transpose_a)
    split_for(s.m, std::max((worth + kTile - 1) / kTile * kTile, kTile), body, 1);
  else
    split_for(s.m, std::max<int64_t>(worth, 256), body);
}

}  // namespace

void gemm(const Gemm& shape, const float* a, const float* b, float* c) {
  const int64_t m = shape.m, n = shape.n, k = shape.k;
  if (k == 0 && !shape.accumulate) std::fill_n(c, shape.batch * m * n, 0.0f);
  if (m == 0 || n == 0 || k == 0) return;
  if (shape.batch == 1)
    return split_rows(shape,
                      [&](int64_t first, int64_t last) { product(shape, first, last, a, b, c); });
  split_for(shape.batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      product(shape, 0, m, a + i * m * k, b + i * k * n, c + i * m * n);
  });
}

}  // namespace longhaul
