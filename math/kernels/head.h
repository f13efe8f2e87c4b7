#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "longhaul/tensor.h"
#include "math/gradient.h"
#include "math/kernels/fold.h"
#include "math/kernels/tile.h"

// What the kernels of linear attention share: one head of one sequence at a time, its positions as
// rows, its passes in memory of their own.
namespace longhaul::head {

// Positions of one head, one row each. A stride of 0 is the same row at every position.
struct Rows {
  const float* data;
  int64_t stride;
  const float* operator[](int64_t t) const { return data + t * stride; }
  Rows from(int64_t t) const { return {data + t * stride, stride}; }
};

// Memory of one head's pass, handed out in pieces.
class Scratch {
 public:
  explicit Scratch(int64_t size) : memory_(Tensor::empty({size})), next_(memory_.data()) {}
  float* take(int64_t count) { return std::exchange(next_, next_ + count); }
  float* zeros(int64_t count) {
    std::fill_n(next_, count, 0.0f);
    return take(count);
  }
  // The rows themselves if their width fills whole registers, else a copy that ends in zeros.
  Rows padded(const Rows& rows, int64_t count, int64_t width) {
    const int64_t wide = tile::round_up(width);
    if (wide == width) return rows;
    float* copy = zeros(count * wide);
    for (int64_t t = 0; t < count; ++t) std::copy_n(rows[t], width, copy + t * wide);
    return {copy, wide};
  }

 private:
  Tensor memory_;
  float* next_;
};

inline void add_scaled(float* to, float factor, const float* from, int64_t n) {
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) to[i] = std::fma(factor, from[i], to[i]);
}

// Adds rows of `from` to a gradient, or writes them.
inline void put_rows(const float* from, int64_t from_stride, int64_t rows, int64_t width,
                     const GradTarget& to, int64_t stride) {
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < width; ++c) {
      float& out = to.data[r * stride + c];
      out = to.accumulate ? out + from[r * from_stride + c] : from[r * from_stride + c];
    }
}

inline GradTarget moved(const GradTarget& target, int64_t by) {
  return {target.data ? target.data + by : nullptr, target.accumulate};
}

}  // namespace longhaul::head
