#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

// Elementary functions for kernels: branch-free, so that loops over them vectorise under
// `#pragma omp simd` (always inlined: a call would end that), and with every multiply-add spelled
// out, so that they have the same bits on every machine. Relative error below 3e-7
// (tests/math/vmath_test.cpp).
namespace longhaul::vmath {

[[gnu::always_inline]] inline float select(bool condition, float a, float b) {
  return condition ? a : b;
}

// Cephes' expf: x = n ln 2 + r, a polynomial for e^r, n into the exponent bits. 0 below -87.3, inf
// above 88.7.
[[gnu::always_inline]] inline float exp(float x) {
  constexpr float kMagic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const float shifted = std::fma(x, 1.44269504f, kMagic);
  const float n = shifted - kMagic;
  const float r = std::fma(n, 2.12194440e-4f, std::fma(n, -0.693359375f, x));
  float p = 1.9875691500e-4f;
  p = std::fma(p, r, 1.3981999507e-3f);
  p = std::fma(p, r, 8.3334519073e-3f);
  p = std::fma(p, r, 4.1665795894e-2f);
  p = std::fma(p, r, 1.6666665459e-1f);
  p = std::fma(p, r, 5.0000001201e-1f);
  p = std::fma(p * r, r, r) + 1;
  // Two factors of 2^(n/2): a single one would overflow the exponent field at the ends of the
  // range.
  // Unsigned, since the difference overflows where x is not a number; the result is replaced below.
  const int32_t exponent =
      static_cast<int32_t>(std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(kMagic));
  const int32_t half = exponent >> 1;
  const float first = std::bit_cast<float>((half + 127) << 23);
  const float second = std::bit_cast<float>((exponent - half + 127) << 23);
  float y = p * first * second;
  y = select(x < -87.3f, 0.0f, y);
  y = select(x > 88.7f, std::bit_cast<float>(0x7f800000), y);
  return select(x != x, x, y);
}

// Cephes' logf: x = 2^n m with m between the roots of 1/2 and 2, a polynomial for log m. A denormal
// number counts as zero; of zero -inf, of what is negative NaN.
[[gnu::always_inline]] inline float log(float x) {
  constexpr int32_t kRootOfHalf = 0x3f3504f3;
  const auto bits = std::bit_cast<int32_t>(x);
  const int32_t exponent = (bits - kRootOfHalf) >> 23;
  const auto n = static_cast<float>(exponent);
  const float m = std::bit_cast<float>(bits - (exponent << 23)) - 1, square = m * m;
  float p = 7.0376836292e-2f;
  p = std::fma(p, m, -1.1514610310e-1f);
  p = std::fma(p, m, 1.1676998740e-1f);
  p = std::fma(p, m, -1.2420140846e-1f);
  p = std::fma(p, m, 1.4249322787e-1f);
  p = std::fma(p, m, -1.6668057665e-1f);
  p = std::fma(p, m, 2.0000714765e-1f);
  p = std::fma(p, m, -2.4999993993e-1f);
  p = std::fma(p, m, 3.3333331174e-1f);
  p = std::fma(n, -2.12194440e-4f, p * m * square);
  p = std::fma(-0.5f, square, p) + m;
  float y = std::fma(n, 0.693359375f, p);
  constexpr float kLeast = 1.17549435e-38f, kInfinity = std::bit_cast<float>(0x7f800000);
  y = select(x < kLeast, select(x < 0, std::bit_cast<float>(0x7fc00000), -kInfinity), y);
  y = select(x > 3.4028235e38f, kInfinity, y);
  return select(x != x, x, y);
}

[[gnu::always_inline]] inline float sigmoid(float x) { return 1 / (1 + exp(-x)); }

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|), and log1p(y) = 2 artanh(y / (2 + y)) by its series: the
// argument is at most 1/3.
[[gnu::always_inline]] inline float softplus(float x) {
  const float y = exp(-std::abs(x));
  const float s = y / (2 + y), s2 = s * s;
  float p = 0.0769230769f;
  p = std::fma(p, s2, 0.0909090909f);
  p = std::fma(p, s2, 0.111111111f);
  p = std::fma(p, s2, 0.142857143f);
  p = std::fma(p, s2, 0.2f);
  p = std::fma(p, s2, 0.333333333f);
  return std::fma(2.0f, std::fma(s * s2, p, s), select(x > 0, x, 0.0f));
}

// Cephes' tanhf: an odd polynomial near 0, where 1 - 2/(e^2x + 1) would cancel.
[[gnu::always_inline]] inline float tanh(float x) {
  const float a = std::abs(x);
  const float far = 1 - 2 / (exp(2 * a) + 1);
  const float s = x * x;
  float p = -5.70498872745e-3f;
  p = std::fma(p, s, 2.06390887954e-2f);
  p = std::fma(p, s, -5.37397155531e-2f);
  p = std::fma(p, s, 1.33314422036e-1f);
  p = std::fma(p, s, -3.33332819422e-1f);
  const float near = std::fma(p * s, a, a);
  return std::copysign(select(a < 0.625f, near, far), x);
}

}  // namespace longhaul::vmath
