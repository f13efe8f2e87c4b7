#pragma once

#include <cstdint>

#include "longhaul/tensor.h"
#include "math/kernels/tile.h"

namespace longhaul {

// The right operand of a matrix product, [rows, columns], laid out for register tiles: panels of
// kPanel columns one after another, each [rows, kPanel] without gaps, so that a panel stays in the
// first-level cache while the left operand's rows go by. `columns` is a multiple of kPanel.
class Panels {
 public:
  static constexpr int kVecs = tile::kWidth == 16 ? 4 : 2;  // registers of a panel's row
  static constexpr int64_t kPanel = kVecs * tile::kWidth;

  Panels(int64_t rows, int64_t columns);

  void load(const float* from);             // row-major [rows, columns]
  void load_transposed(const float* from);  // row-major [columns, rows]

  // c [m, columns] = a [m, rows] times this, each value summed in the order of the rows; or goes on
  // summing from the values of c, whose rows are `stride` apart.
  void multiply(int64_t m, tile::Left a, float* c, int64_t stride, bool go_on = false) const;

 private:
  int64_t rows_, columns_;
  Tensor values_;
};

}  // namespace longhaul
