#include "math/kernels/panels.h"

#include <algorithm>

namespace longhaul {
namespace {

constexpr int64_t kInner = 128;  // rows of a panel at a time: 32 KiB of the first-level cache

}  // namespace

Panels::Panels(int64_t rows, int64_t columns)
    : rows_(rows), columns_(columns), values_(Tensor::empty({rows, columns})) {}

void Panels::load(const float* from) {
  float* to = values_.data();
  for (int64_t p = 0; p < columns_; p += kPanel)
    for (int64_t r = 0; r < rows_; ++r, to += kPanel)
      std::copy_n(from + r * columns_ + p, kPanel, to);
}

void Panels::load_transposed(const float* from) {
  for (int64_t p = 0; p < columns_; p += kPanel)
    tile::transpose(kPanel, rows_, from + p * rows_, rows_, values_.data() + p * rows_, kPanel);
}

void Panels::multiply(int64_t m, tile::Left a, float* c, int64_t stride, bool go_on) const {
  for (int64_t begin = 0; begin < rows_; begin += kInner) {
    const int64_t inner = std::min(kInner, rows_ - begin);
    const float* panel = values_.data() + begin * kPanel;
    for (int64_t p = 0; p < columns_; p += kPanel, panel += rows_ * kPanel)
      tile::narrow_product<kVecs>(m, inner, a, panel, kPanel, c + p, stride, go_on);
    a.data += inner * (a.transposed ? a.stride : 1);
    go_on = true;
  }
}

}  // namespace longhaul
