#pragma once

#include <cmath>

// What longhaul/elementary.h is made of, inline. Sine and cosine have no branches, so that a loop
// over angles is vectorised: with the same bits as elementary::sin and cos.
namespace longhaul::elementary {

constexpr double kFarthest = 1e6;  // whose quarter turns have 20 bits

// sum_i c_i x^i
template <int kCount>
inline double polynomial(const double (&c)[kCount], double x) {
  double sum = c[kCount - 1];
  for (int i = kCount - 2; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

// Sine and cosine of x = n quarter turns + r, |r| <= pi / 4.
inline double sine(double r) {
  constexpr double c[] = {-1.0 / 6,        1.0 / 120,        -1.0 / 5040,         1.0 / 362880,
                          -1.0 / 39916800, 1.0 / 6227020800, -1.0 / 1307674368000};
  const double square = r * r;
  return r + r * square * polynomial(c, square);
}
inline double cosine(double r) {
  constexpr double c[] = {1.0 / 24,        -1.0 / 720,         1.0 / 40320,         -1.0 / 3628800,
                          1.0 / 479001600, -1.0 / 87178291200, 1.0 / 20922789888000};
  const double square = r * r, half = square / 2, rest = 1 - half;
  return rest + (((1 - rest) - half) + square * square * polynomial(c, square));
}

struct SineAndCosine {
  double sine, cosine;
};

// Of |x| <= kFarthest.
inline SineAndCosine sine_and_cosine(double x) {
  constexpr double kHigh = 0x1.921fb544p0, kMiddle = 0x1.0b4611a6p-34, kLow = 0x1.3198a2e037073p-69;
  const double n = std::nearbyint(x * 0.63661977236758134);
  const double r = ((x - n * kHigh) - n * kMiddle) - n * kLow;
  const int quarter = static_cast<int>(n);
  const double a = sine(r), b = cosine(r);
  const double s = quarter & 1 ? b : a, c = quarter & 1 ? a : b;
  return {quarter & 2 ? -s : s, (quarter + 1) & 2 ? -c : c};
}

}  // namespace longhaul::elementary
