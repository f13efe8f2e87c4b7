// Products with a block-diagonal matrix, one step of a recurrence at a time. Wide blocks: a tile of
// outputs stays in registers while a row of the (transposed) matrix serves up to four sequences.
// Every output is one chain of multiply-adds in the order of its block, so a sequence has the same
// bits whatever it is grouped with. Blocks of at most four: vectorised over the blocks instead.
#include "math/recurrence/product.h"

#include <algorithm>
#include <cmath>

#include "math/kernels/vector.h"

namespace longhaul {
namespace {

constexpr int64_t kNarrow = 4;
// y[s] (+)= sum_k x[s][k] m[k * pitch ...], for `vectors` vectors of outputs of `count` sequences.
template <int count, int vectors>
inline void tile(int64_t K, int64_t pitch, const float* m, const float* const* x, float* const* y,
                 bool add) {
  Vector sum[count][vectors] = {};
  for (int64_t k = 0; k < K; ++k) {
    Vector row[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) row[v] = load<Vector>(m + k * pitch + v * kVectorWidth);
#pragma GCC unroll 4
    for (int s = 0; s < count; ++s) {
      const Vector value = Vector{} + x[s][k];
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) sum[s][v] = multiply_add(row[v], value, sum[s][v]);
    }
  }
#pragma GCC unroll 4
  for (int s = 0; s < count; ++s)
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) {
      float* to = y[s] + v * kVectorWidth;
      store<Vector>(to, add ? load<Vector>(to) + sum[s][v] : sum[s][v]);
    }
}

// All outputs of one block: the widest tile whose sums fit the sixteen registers, then narrower
// ones.
template <int count>
void block_product(int64_t K, int64_t pitch, const float* m, const float* const* x, float** y,
                   bool add) {
  constexpr int kVectors = count == 1 ? 8 : count == 2 ? 4 : 2;
  const auto advance = [&](int64_t by) {
    m += by;
    for (int s = 0; s < count; ++s) y[s] += by;
  };
  int64_t left = pitch / kVectorWidth;
  for (; left >= kVectors; left -= kVectors, advance(kVectors * kVectorWidth))
    tile<count, kVectors>(K, pitch, m, x, y, add);
  for (; left >= 2; left -= 2, advance(2 * kVectorWidth)) tile<count, 2>(K, pitch, m, x, y, add);
  if (left) tile<count, 1>(K, pitch, m, x, y, add);
}

// y_q = M_q x_q for Q blocks of b x b, and y_q += where `add`.
template <int b>
void narrow_blocks(int64_t Q, const float* m, const float* x, float* y, bool add) {
#pragma omp simd
  for (int64_t q = 0; q < Q; ++q) {
    for (int i = 0; i < b; ++i) {
      float sum = 0;
      for (int j = 0; j < b; ++j) sum = std::fma(m[(q * b + i) * b + j], x[q * b + j], sum);
      y[q * b + i] = add ? y[q * b + i] + sum : sum;
    }
  }
}

}  // namespace

BlockProduct::BlockProduct(const Recurrence& r, bool transposed)
    : transposed_(transposed),
      is_shared_(r.is_shared && r.block > kNarrow),
      G_(r.G),
      N_(r.N),
      block_(r.block),
      stride_(r.N + kVectorWidth) {
  const bool wide = block_ > kNarrow;
  padded_ = wide ? (block_ + kVectorWidth - 1) / kVectorWidth * kVectorWidth : block_;
  // What follows each k of the sum: outputs. A wide block keeps them adjacent, a narrow one does
  // not.
  const bool flip = wide != transposed;
  const int64_t blocks = r.N ? is_shared_ ? 1 : N_ / block_ : 0;  // of a gate, as packed
  packed_ = Tensor({G_ * blocks, block_, padded_});
  for (int64_t q = 0; q < G_ * blocks; ++q)
    for (int64_t i = 0; i < block_; ++i)
      for (int64_t j = 0; j < block_; ++j)
        packed_.data()[(q * block_ + (flip ? j : i)) * padded_ + (flip ? i : j)] =
            r.matrix(q / blocks, q % blocks)[i * block_ + j];
}

template <int count>
void BlockProduct::wide(const float* const* x, float* y) const {
  const int64_t blocks = N_ / block_;
  const float* from[count];
  float* to[count];
  // In this order the padding that a block writes behind itself is overwritten by the next block.
  for (int64_t q = 0; q < blocks; ++q) {
    for (int64_t g = 0; g < G_; ++g) {
      for (int s = 0; s < count; ++s) {
        from[s] = x[s] + (transposed_ ? g * N_ : 0) + q * block_;
        to[s] = y + s * vector_stride() + (transposed_ ? 0 : g * stride_) + q * block_;
      }
      const int64_t matrix = is_shared_ ? g : g * blocks + q;
      block_product<count>(block_, padded_, packed_.data() + matrix * block_ * padded_, from, to,
                           transposed_ && g > 0);
    }
  }
}

// One matrix for all blocks, which are whole vectors: each load of it serves several blocks.
void BlockProduct::by_one(const float* x, float* y) const {
  const int64_t blocks = N_ / block_;
  for (int64_t q = 0; q < blocks; q += kGroup) {
    const int64_t count = std::min<int64_t>(kGroup, blocks - q);
    const float* from[kGroup];
    float* to[kGroup];
    for (int64_t i = 0; i < count; ++i) {
      from[i] = x + (q + i) * block_;
      to[i] = y + (q + i) * block_;
    }
    if (count == kGroup) {
      block_product<kGroup>(block_, padded_, packed_.data(), from, to, false);
      continue;
    }
    for (int64_t i = 0; i < count; ++i)
      block_product<1>(block_, padded_, packed_.data(), from + i, to + i, false);
  }
}

void BlockProduct::narrow(const float* x, float* y) const {
  const int64_t blocks = N_ / block_;
  for (int64_t g = 0; g < G_; ++g) {
    const float* m = packed_.data() + g * N_ * block_;
    const float* from = x + (transposed_ ? g * N_ : 0);
    float* to = y + (transposed_ ? 0 : g * stride_);
    const bool add = transposed_ && g > 0;
    switch (block_) {
      case 1:
        narrow_blocks<1>(blocks, m, from, to, add);
        break;
      case 2:
        narrow_blocks<2>(blocks, m, from, to, add);
        break;
      case 3:
        narrow_blocks<3>(blocks, m, from, to, add);
        break;
      default:
        narrow_blocks<4>(blocks, m, from, to, add);
    }
  }
}

void BlockProduct::apply(int count, const float* const* x, float* y) const {
  if (N_ == 0) return;
  if (block_ <= kNarrow) {
    for (int s = 0; s < count; ++s) narrow(x[s], y + s * vector_stride());
    return;
  }
  if (is_shared_ && G_ == 1 && padded_ == block_) {
    for (int s = 0; s < count; ++s) by_one(x[s], y + s * vector_stride());
    return;
  }
  switch (count) {
    case 1:
      wide<1>(x, y);
      break;
    case 2:
      wide<2>(x, y);
      break;
    case 3:
      wide<3>(x, y);
      break;
    default:
      wide<4>(x, y);
  }
}

}  // namespace longhaul
