#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#ifdef __FMA__
#include <immintrin.h>
#endif

// Kernels on small tiles that stay in the first-level cache: the insides of the attentions, whose
// matrices are too small and too short-lived for a library call. Everything is a row-major array
// and a row stride; `lanes` are the columns that lie along the vector registers, a multiple of
// kWidth. Each value of a product is one chain of fused multiply-adds in the order of the inner
// extent, so kWidth and the shape of the tiles do not change it.
namespace longhaul::tile {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__FMA__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif

typedef float Vec __attribute__((vector_size(kWidth * 4)));
typedef uint32_t Bits __attribute__((vector_size(kWidth * 4)));
typedef int32_t Ints __attribute__((vector_size(kWidth * 4)));
typedef float Unaligned __attribute__((vector_size(kWidth * 4), aligned(4), may_alias));

inline Vec load(const float* from) { return *reinterpret_cast<const Unaligned*>(from); }
inline void store(float* to, Vec x) { *reinterpret_cast<Unaligned*>(to) = x; }
inline Vec splat(float x) { return x - Vec{}; }
inline Vec larger(Vec a, Vec b) { return a > b ? a : b; }

// a * b + c, rounded once.
inline Vec fma(Vec a, Vec b, Vec c) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(a, b, c);
#else
  for (int i = 0; i < kWidth; ++i) c[i] = std::fma(a[i], b[i], c[i]);
  return c;
#endif
}

// x, kept in a register where GCC would read it from memory again at each use, which makes the load
// ports and not the multipliers the limit of a product.
inline Vec pinned(Vec x) {
#if defined(__AVX512F__)
  asm("" : "+v"(x));
#elif defined(__x86_64__)
  asm("" : "+x"(x));
#endif
  return x;
}

inline Ints lane_numbers() {
  Ints lanes;
  for (int i = 0; i < kWidth; ++i) lanes[i] = i;
  return lanes;
}

constexpr int64_t round_up(int64_t n) { return (n + kWidth - 1) / kWidth * kWidth; }

// 2^x for x < 127, 0 below -126; relative error below 3e-7. 2^n goes into the exponent bits, the
// rest is the minimax polynomial of degree 5 on [-1/2, 1/2] in Estrin's order, which waits less
// than Horner's.
inline Vec exp2(Vec x) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const Vec shifted = x + kMagic;
  const Vec r = x - (shifted - kMagic), square = r * r;
  const Vec high = fma(splat(1.3276469e-3f), r, splat(9.6755410e-3f));
  const Vec middle = fma(splat(5.5507135e-2f), r, splat(2.4022120e-1f));
  const Vec low = fma(splat(6.9314697e-1f), r, splat(1.0f));
  const Vec p = fma(fma(high, square, middle), square, low);
  const Vec y =
      reinterpret_cast<Vec>(reinterpret_cast<Bits>(p) + (reinterpret_cast<Bits>(shifted) << 23));
  return x < -126.0f ? Vec{} : y;
}

// The left operand of a product: a matrix [rows, inner], or its transpose stored [inner, rows].
struct Left {
  const float* data;
  int64_t stride;
  bool transposed = false;
};

// What the operands of a product hold: floats, or, where the processor can multiply them, two
// values of bf16 in the place of a float, which follow each other along the inner extent.
struct Floats {
  static Vec splat(float x) { return tile::splat(x); }
  static Vec multiply_add(Vec a, Vec b, Vec sum) { return fma(a, b, sum); }
};
#ifdef __AVX512F__
struct Pairs {
  static Vec splat(float pair) {
    return reinterpret_cast<Vec>(std::bit_cast<uint32_t>(pair) - Bits{});
  }
  // The second value of each pair first: two fused multiply-adds. Written out, since the rest of
  // the file is compiled for processors that lack it too (has_bf16_instructions).
  static Vec multiply_add(Vec a, Vec b, Vec sum) {
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
  }
};
#endif

// kRows rows and kVecs registers of C (+)= A B, held in registers over the whole inner extent.
// kCopies: leaves B in `copy`, without gaps.
template <int kRows, int kVecs, bool kTransposed, bool kCopies = false, class Values = Floats>
inline void block(int64_t inner, const float* a, int64_t a_stride, const float* b, int64_t b_stride,
                  float* c, int64_t c_stride, bool accumulate, float* copy = nullptr) {
  Vec sum[kRows][kVecs];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v)
      sum[r][v] = accumulate ? load(c + r * c_stride + v * kWidth) : Vec{};
  for (int64_t i = 0; i < inner; ++i) {
    Vec right[kVecs];
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) right[v] = pinned(load(b + i * b_stride + v * kWidth));
    if constexpr (kCopies)
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) store(copy + (i * kVecs + v) * kWidth, right[v]);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const Vec left = Values::splat(kTransposed ? a[i * a_stride + r] : a[r * a_stride + i]);
#pragma GCC unroll 4
      for (int v = 0; v < kVecs; ++v) sum[r][v] = Values::multiply_add(left, right[v], sum[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 4
    for (int v = 0; v < kVecs; ++v) store(c + r * c_stride + v * kWidth, sum[r][v]);
}

template <int kRows, int kVecs, bool kTransposed, class Values>
inline void row_blocks(int64_t rows, int64_t inner, const float* a, int64_t a_stride,
                       const float* b, int64_t b_stride, float* c, int64_t c_stride,
                       bool accumulate) {
  const int64_t step = kTransposed ? 1 : a_stride;
  int64_t r = 0;
  if constexpr (kRows == 6) {
    // Blocks of six, and of five where that leaves no rest.
    const int64_t blocks = (rows + 5) / 6, of_six = rows - 5 * blocks;
    if (of_six >= 0) {
      for (int64_t i = 0; i < blocks; ++i) {
        const auto one = i < of_six ? block<6, kVecs, kTransposed, false, Values>
                                    : block<5, kVecs, kTransposed, false, Values>;
        one(inner, a + r * step, a_stride, b, b_stride, c + r * c_stride, c_stride, accumulate,
            nullptr);
        r += i < of_six ? 6 : 5;
      }
      return;
    }
  }
  for (; r + kRows <= rows; r += kRows)
    block<kRows, kVecs, kTransposed, false, Values>(inner, a + r * step, a_stride, b, b_stride,
                                                    c + r * c_stride, c_stride, accumulate);
  // 12, 4, 2, 1 or 8, 4, 2, 1: what a power of two leaves takes few blocks.
  constexpr int kFewer = kRows > 4 ? 4 : kRows / 2;
  if constexpr (kFewer > 0)
    if (r < rows)
      row_blocks<kFewer, kVecs, kTransposed, Values>(rows - r, inner, a + r * step, a_stride, b,
                                                     b_stride, c + r * c_stride, c_stride,
                                                     accumulate);
}

// As many rows as leave registers for the right operand and one broadcast: 16 registers, or 32.
template <int kVecs>
constexpr int rows_of_block = kVecs == 1     ? 8
                              : kWidth == 16 ? 24 / kVecs
                              : kWidth == 8  ? 12 / kVecs
                                             : 8 / kVecs;

// C [rows, kVecs * kWidth] = A [rows, inner] B, or C += A B.
template <int kVecs, class Values = Floats>
void narrow_product(int64_t rows, int64_t inner, const Left& a, const float* b, int64_t b_stride,
                    float* c, int64_t c_stride, bool accumulate) {
  constexpr int kRows = rows_of_block<kVecs>;
  if constexpr (kVecs * (kRows + 1) >= (kWidth == 16 ? 32 : 16)) {  // too wide
    constexpr int kHalf = kVecs / 2;
    narrow_product<kHalf, Values>(rows, inner, a, b, b_stride, c, c_stride, accumulate);
    narrow_product<kVecs - kHalf, Values>(rows, inner, a, b + kHalf * kWidth, b_stride,
                                          c + kHalf * kWidth, c_stride, accumulate);
  } else if (a.transposed)
    row_blocks<kRows, kVecs, true, Values>(rows, inner, a.data, a.stride, b, b_stride, c, c_stride,
                                           accumulate);
  else
    row_blocks<kRows, kVecs, false, Values>(rows, inner, a.data, a.stride, b, b_stride, c, c_stride,
                                            accumulate);
}

// The same where the rows of B lie far apart and A is not transposed: while the first rows go by, B
// is copied to `copy` [inner, kVecs * kWidth], which the other rows read.
template <int kVecs>
void copying_product(int64_t rows, int64_t inner, const Left& a, const float* b, int64_t b_stride,
                     float* c, int64_t c_stride, bool accumulate, float* copy) {
  constexpr int kRows = rows_of_block<kVecs>;
  if (rows <= kRows)
    return narrow_product<kVecs>(rows, inner, a, b, b_stride, c, c_stride, accumulate);
  block<kRows, kVecs, false, true>(inner, a.data, a.stride, b, b_stride, c, c_stride, accumulate,
                                   copy);
  narrow_product<kVecs>(rows - kRows, inner, {a.data + kRows * a.stride, a.stride}, copy,
                        kVecs * kWidth, c + kRows * c_stride, c_stride, accumulate);
}

// C [rows, lanes] = A [rows, inner] B [inner, lanes], or C += A B.
inline void product(int64_t rows, int64_t inner, int64_t lanes, const Left& a, const float* b,
                    int64_t b_stride, float* c, int64_t c_stride, bool accumulate) {
  for (int64_t vecs = lanes / kWidth; vecs > 0;) {
    const int64_t now = vecs == 4 ? 2 : vecs > 2 ? 3 : vecs;
    const auto kernel = now == 3   ? narrow_product<3>
                        : now == 2 ? narrow_product<2>
                                   : narrow_product<1>;
    kernel(rows, inner, a, b, b_stride, c, c_stride, accumulate);
    b += now * kWidth;
    c += now * kWidth;
    vecs -= now;
  }
}

// a and b lane by lane in turn, from lane `kFirst` on: a perfect shuffle.
template <int kFirst, int... kLanes>
inline Vec in_turn(Vec a, Vec b, std::integer_sequence<int, kLanes...>) {
  return __builtin_shufflevector(a, b, (kFirst + kLanes / 2 + kLanes % 2 * kWidth)...);
}

// The registers of a square transposed: log2(kWidth) rounds of a perfect shuffle.
inline void transpose_square(Vec (&x)[kWidth]) {
  constexpr std::make_integer_sequence<int, kWidth> lanes;
#pragma GCC unroll 4
  for (int round = 1; round < kWidth; round *= 2) {
    Vec y[kWidth];
#pragma GCC unroll 8
    for (int i = 0; i < kWidth / 2; ++i) {
      y[2 * i] = in_turn<0>(x[i], x[i + kWidth / 2], lanes);
      y[2 * i + 1] = in_turn<kWidth / 2>(x[i], x[i + kWidth / 2], lanes);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kWidth; ++i) x[i] = y[i];
  }
}

// to [columns, rows] = factor * from [rows, columns]^T, or to += it.
inline void transpose(int64_t rows, int64_t columns, const float* from, int64_t from_stride,
                      float* to, int64_t to_stride, float factor = 1, bool accumulate = false) {
  const int64_t whole_rows = rows / kWidth * kWidth, whole_columns = columns / kWidth * kWidth;
  for (int64_t r = 0; r < whole_rows; r += kWidth)
    for (int64_t c = 0; c < whole_columns; c += kWidth) {
      Vec x[kWidth];
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; ++i) x[i] = factor * load(from + (r + i) * from_stride + c);
      transpose_square(x);
#pragma GCC unroll 16
      for (int i = 0; i < kWidth; ++i) {
        float* out = to + (c + i) * to_stride + r;
        store(out, accumulate ? load(out) + x[i] : x[i]);
      }
    }
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = r < whole_rows ? whole_columns : 0; c < columns; ++c) {
      float& out = to[c * to_stride + r];
      const float x = factor * from[r * from_stride + c];
      out = accumulate ? out + x : x;
    }
}

}  // namespace longhaul::tile
