#include "math/kernels/panels.h"

#include <algorithm>
#include <optional>

#include "math/kernels/bf16.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kInner = 128;     // rows of a panel at a time: 32 KiB of the first-level cache
constexpr int64_t kLeft = 1 << 16;  // values of the left operand at a time: in the second-level one
constexpr int64_t kInPlace = 64;    // of a left operand whose columns are read where they lie
constexpr int64_t kTileRows = 24;   // whole tiles of every width
constexpr int64_t kMostRows = 10 * kTileRows;

// The panel that begins at `first`.
struct Panel {
  int64_t first, width;  // columns
  int64_t vecs;          // registers of a row

  // Five registers are three and two: four and one would leave multipliers idle.
  Panel(const Right& b, int64_t begin) : first(begin) {
    const int64_t left = b.columns - begin, most = tile::round_up(left) / tile::kWidth;
    vecs = most == Panels::kVecs + 1 ? most - most / 2 : std::min<int64_t>(most, Panels::kVecs);
    width = std::min(left, vecs * tile::kWidth);
  }
  int64_t wide() const { return vecs * tile::kWidth; }
};

template <class Visit>
void for_panels(const Right& b, Visit visit) {
  for (int64_t j = 0; j < b.columns;) {
    const Panel panel(b, j);
    visit(panel);
    j += panel.width;
  }
}

// Rows of a panel as they are stored.
int64_t depth(const Right& b) { return bf16::packed_rows(b.precision, b.rows); }

// A product of operands that are packed for it.
template <int kVecs>
void multiply_packed([[maybe_unused]] const Right& b, int64_t m, int64_t inner, const tile::Left& a,
                     const float* from, int64_t from_stride, float* c, int64_t stride, bool go_on) {
#ifdef __AVX512F__
  if (b.precision == Precision::bf16)
    return tile::narrow_product<kVecs, tile::Pairs>(m, inner, a, from, from_stride, c, stride,
                                                    go_on);
#endif
  tile::narrow_product<kVecs>(m, inner, a, from, from_stride, c, stride, go_on);
}

template <int kVecs>
void multiply_rows(int64_t m, tile::Left a, const Right& b, const Panel& panel, float* c,
                   int64_t stride, bool go_on) {
  const int64_t rows = depth(b);
  const float* from = b.data + (b.stride ? panel.first : panel.first * rows);
  const int64_t wide = panel.wide(), from_stride = b.stride ? b.stride : wide;
  alignas(64) float copy[kInner * kVecs * tile::kWidth];
  for (int64_t begin = 0; begin < rows; begin += kInner, from += kInner * from_stride) {
    const int64_t inner = std::min(kInner, rows - begin);
    if (b.stride && panel.width < wide) {
      for (int64_t i = 0; i < inner; ++i) {
        std::copy_n(from + i * from_stride, panel.width, copy + i * wide);
        std::fill_n(copy + i * wide + panel.width, wide - panel.width, 0.0f);
      }
      tile::narrow_product<kVecs>(m, inner, a, copy, wide, c, stride, go_on);
    } else if (from_stride > wide && !a.transposed) {
      tile::copying_product<kVecs>(m, inner, a, from, from_stride, c, stride, go_on, copy);
    } else {
      multiply_packed<kVecs>(b, m, inner, a, from, from_stride, c, stride, go_on);
    }
    a.data += inner * (a.transposed ? a.stride : 1);
    go_on = true;
  }
}

// A panel's columns of c, for a block of rows.
void multiply_panel(int64_t m, const tile::Left& a, const Right& b, const Panel& panel, float* c,
                    int64_t stride, bool go_on) {
  const auto multiply_vecs = panel.vecs == 1   ? multiply_rows<1>
                             : panel.vecs == 2 ? multiply_rows<2>
                             : panel.vecs == 3 ? multiply_rows<3>
                                               : multiply_rows<Panels::kVecs>;
  multiply_vecs(m, a, b, panel, c, stride, go_on);
}

// The same where a row of the panel ends inside a register, by way of `block` [m, panel.wide()].
void multiply_ragged(int64_t m, const tile::Left& a, const Right& b, const Panel& panel, float* c,
                     int64_t stride, bool go_on, float* block) {
  const int64_t wide = panel.wide();
  for (int64_t r = 0; go_on && r < m; ++r)
    std::copy_n(c + r * stride, panel.width, block + r * wide);
  multiply_panel(m, a, b, panel, block, wide, go_on);
  int64_t r = 0;
  // Where rows follow each other, the next ones overwrite what whole registers write behind a row.
  if (panel.first == 0 && stride == panel.width)
    for (; r * stride + wide <= m * stride; ++r)
      for (int64_t x = 0; x < wide; x += tile::kWidth)
        tile::store(c + r * stride + x, tile::load(block + r * wide + x));
  for (; r < m; ++r) std::copy_n(block + r * wide, panel.width, c + r * stride);
}

}  // namespace

void multiply(int64_t m, const tile::Left& a, const Right& b, float* c, int64_t stride,
              bool go_on) {
  const int64_t fitting = kLeft / std::max<int64_t>(b.rows, 1) / kTileRows * kTileRows;
  const int64_t most = std::clamp(fitting, 2 * kTileRows, kMostRows);
  const int64_t turned_stride = b.rows + tile::kWidth;  // no multiple of a page, lest lines collide
  Tensor ragged, turned;
  if (b.columns % tile::kWidth) ragged = Tensor::empty({std::min(m, most), Panels::kPanel});
  const bool pack = b.precision != Precision::float32;
  const bool turn = a.transposed && (pack || b.rows > kInPlace);
  if (turn || pack) turned = Tensor::empty({std::min(m, most), turned_stride});
  std::optional<FlushDenormals> as_instructions_do;
  if (pack) as_instructions_do.emplace();
  for (int64_t r = 0; r < m; r += most) {
    const int64_t rows = std::min(most, m - r);
    tile::Left left{a.data + r * (a.transposed ? 1 : a.stride), a.stride, a.transposed};
    if (turn) {  // row by row, the tiles read whole cache lines
      tile::transpose(b.rows, rows, a.data + r, a.stride, turned.data(), turned_stride);
      left = {turned.data(), turned_stride};
    }
    if (pack) {
      bf16::pack_across(b.precision, rows, b.rows, left.data, left.stride, turned.data(),
                        turned_stride);
      left = {turned.data(), turned_stride};
    }
    for_panels(b, [&](const Panel& panel) {
      float* out = c + r * stride + panel.first;
      if (panel.width == panel.wide())
        multiply_panel(rows, left, b, panel, out, stride, go_on);
      else
        multiply_ragged(rows, left, b, panel, out, stride, go_on, ragged.data());
    });
  }
}

Panels::Panels(int64_t rows, int64_t columns, Precision precision)
    : rows_(rows),
      columns_(columns),
      precision_(precision),
      values_(Tensor::empty({bf16::unpacked_rows(precision, rows), tile::round_up(columns)})) {}

void Panels::load(const float* from) {
  for_panels(right(), [&](const Panel& panel) {
    float* const to = values_.data() + panel.first * depth(right());
    for (int64_t r = 0; r < rows_; ++r) {
      float* const row = to + r * panel.wide();
      std::copy_n(from + r * columns_ + panel.first, panel.width, row);
      std::fill(row + panel.width, row + panel.wide(), 0.0f);
    }
    pack(to, panel.wide());
  });
}

void Panels::load_transposed(const float* from, int64_t stride) {
  for_panels(right(), [&](const Panel& panel) {
    float* const to = values_.data() + panel.first * depth(right());
    if (panel.width < panel.wide()) std::fill_n(to, rows_ * panel.wide(), 0.0f);
    tile::transpose(panel.width, rows_, from + panel.first * stride, stride, to, panel.wide());
    pack(to, panel.wide());
  });
}

void Panels::pack(float* panel, int64_t wide) const {
  if (precision_ != Precision::float32) bf16::pack_down(precision_, rows_, wide, panel);
}

}  // namespace longhaul
