#pragma once

#include <cstdint>

#include "longhaul/tensor.h"
#include "math/kernels/tile.h"
#include "math/precision.h"

namespace longhaul {

// The right operand of a product, [rows, columns]: where it lies, row-major, or laid out as panels
// (stride 0), which alone may be in bf16.
struct Right {
  const float* data;
  int64_t rows, columns;
  int64_t stride;
  Precision precision = Precision::float32;
};

// c [m, columns] = a [m, rows] b, each value summed in the order of the rows; or goes on summing
// from the values of c, whose rows are `stride` apart.
void multiply(int64_t m, const tile::Left& a, const Right& b, float* c, int64_t stride,
              bool go_on = false);

// A right operand laid out for register tiles: panels of up to kPanel columns one after another,
// each without gaps, so that a panel stays in the first-level cache while the left operand's rows
// go by. The last one is padded with zeros. In bf16 it is packed too (math/kernels/bf16.h), and so
// are the rows of the left operand that it is multiplied with.
class Panels {
 public:
  static constexpr int kVecs = tile::kWidth == 16 ? 4 : 2;  // registers of a panel's row
  static constexpr int64_t kPanel = kVecs * tile::kWidth;
  static constexpr int64_t kWhole = 64;  // columns that are whole panels on every machine

  Panels(int64_t rows, int64_t columns, Precision precision = Precision::float32);

  void load(const float* from);                             // row-major [rows, columns]
  void load_transposed(const float* from, int64_t stride);  // [columns, rows], `stride` apart

  Right right() const { return {values_.data(), rows_, columns_, 0, precision_}; }
  void multiply(int64_t m, const tile::Left& a, float* c, int64_t stride,
                bool go_on = false) const {
    longhaul::multiply(m, a, right(), c, stride, go_on);
  }

 private:
  void pack(float* panel, int64_t wide) const;

  int64_t rows_, columns_;
  Precision precision_;
  Tensor values_;
};

}  // namespace longhaul
