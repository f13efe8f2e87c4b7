#pragma once

#include <algorithm>
#include <cstring>

#include "math/kernels/tile.h"
#include "math/precision.h"

// Operands of products in bf16, packed for register tiles. The instruction takes pairs of values
// along the inner extent, each rounded to bf16, and multiplies the second of a pair first. So the
// emulation has the second value of each two before the first one, as floats, and multiplies these
// one after another: a product of two bf16 has no more digits than a float, and each sum is rounded
// once, as the instruction does. An odd inner extent is filled up with a zero.
namespace longhaul::bf16 {

// Rows of an operand along the inner extent, in floats: while it is packed, and afterwards.
inline int64_t unpacked_rows(Precision precision, int64_t rows) {
  return precision == Precision::float32 ? rows : (rows + 1) / 2 * 2;
}
inline int64_t packed_rows(Precision precision, int64_t rows) {
  return precision == Precision::bf16 ? (rows + 1) / 2 : unpacked_rows(precision, rows);
}

// The nearest bf16, ties to even, in the upper half of the bits. A denormal number becomes a zero
// of its sign, a NaN a quiet one.
inline tile::Bits rounded(tile::Bits x) {
  const tile::Bits magnitude = x & 0x7fffffffu;
  const tile::Bits nearest = x + 0x7fffu + (x >> 16 & 1u);
  const tile::Bits ordinary = magnitude < 0x00800000u ? x & 0x80000000u : nearest;
  return (magnitude > 0x7f800000u ? x | 0x00400000u : ordinary) & 0xffff0000u;
}

// The first `count` floats there, rounded; zeros behind them.
inline tile::Bits rounded(const float* from, int64_t count) {
  if (count >= tile::kWidth) return rounded(reinterpret_cast<tile::Bits>(tile::load(from)));
  tile::Bits some{};
  if (count > 0) std::memcpy(&some, from, static_cast<std::size_t>(count) * sizeof(float));
  return rounded(some);
}

inline void store(float* to, tile::Bits x) { tile::store(to, reinterpret_cast<tile::Vec>(x)); }

// Packs a matrix [rows, wide] along its rows where it lies, without gaps; `wide` in whole
// registers. The emulation needs room for an even number of rows.
inline void pack_down(Precision precision, int64_t rows, int64_t wide, float* values) {
  for (int64_t r = 0; r < rows; r += 2)
    for (int64_t x = 0; x < wide; x += tile::kWidth) {
      float* const at = values + r * wide + x;
      const tile::Bits first = rounded(at, tile::kWidth);
      const tile::Bits second = r + 1 < rows ? rounded(at + wide, tile::kWidth) : tile::Bits{};
      if (precision == Precision::bf16) {
        store(values + r / 2 * wide + x, first >> 16 | second);
      } else {
        store(at, second);
        store(at + wide, first);
      }
    }
}

template <int... kLanes>
tile::Bits even_lanes(tile::Bits a, tile::Bits b, std::integer_sequence<int, kLanes...>) {
  return __builtin_shufflevector(a, b, 2 * kLanes...);
}
template <int... kLanes>
tile::Bits odd_lanes(tile::Bits a, tile::Bits b, std::integer_sequence<int, kLanes...>) {
  return __builtin_shufflevector(a, b, (2 * kLanes + 1)...);
}
template <int... kLanes>
tile::Bits swapped_lanes(tile::Bits a, std::integer_sequence<int, kLanes...>) {
  return __builtin_shufflevector(a, a, (kLanes ^ 1)...);
}

// Packs rows [rows, columns] along their columns to rows `to_stride` apart, which have room for a
// register more than they hold; from and to may be the same.
inline void pack_across(Precision precision, int64_t rows, int64_t columns, const float* from,
                        int64_t from_stride, float* to, int64_t to_stride) {
  constexpr int kWidth = tile::kWidth;
  constexpr auto lanes = std::make_integer_sequence<int, kWidth>();
  for (int64_t r = 0; r < rows; ++r, from += from_stride, to += to_stride)
    if (precision == Precision::bf16)
      for (int64_t x = 0; x < columns; x += 2 * kWidth) {
        const tile::Bits a = rounded(from + x, columns - x);
        const tile::Bits b = rounded(from + x + kWidth, columns - x - kWidth);
        store(to + x / 2, even_lanes(a, b, lanes) >> 16 | odd_lanes(a, b, lanes));
      }
    else
      for (int64_t x = 0; x < columns; x += kWidth)
        store(to + x, swapped_lanes(rounded(from + x, columns - x), lanes));
}

}  // namespace longhaul::bf16
