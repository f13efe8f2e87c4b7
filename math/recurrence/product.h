#pragma once

#include <cstdint>

#include "math/recurrence/recurrence.h"

namespace longhaul {

// Products with the block-diagonal matrices, for up to kGroup vectors at once.
class BlockProduct {
 public:
  static constexpr int kGroup = 4;
  BlockProduct(const Recurrence& r, bool transposed);

  // Floats between two gates, and between two vectors, of a result.
  int64_t stride() const { return stride_; }
  int64_t vector_stride() const { return transposed_ ? stride_ : G_ * stride_; }

  // y_g = R_g x, or transposed y = sum_g R_g^T x_g with x_g at x + g * N.
  void apply(int count, const float* const* x, float* y) const;

 private:
  void narrow(const float* x, float* y) const;
  void by_one(const float* x, float* y) const;
  template <int count>
  void wide(const float* const* x, float* y) const;

  bool transposed_, is_shared_;
  int64_t G_, N_, block_, stride_;
  int64_t padded_ = 0;  // block rounded up to whole vectors
  Tensor packed_;       // wide: [G, matrices, block, padded]; narrow: R itself or transposed
};

}  // namespace longhaul
