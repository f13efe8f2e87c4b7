#include "longhaul/elementary.h"

#include <cmath>
#include <limits>

#include "support/elementary.h"

namespace longhaul::elementary {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// ln 2 in two parts; a whole number of 20 bits times the first is exact.
constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;
constexpr double kLog2E = 1.4426950408889634;

// e^r - 1 for |r| <= ln 2 / 2, by its series.
double small_expm1(double r) {
  constexpr double c[] = {1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
                          1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
                          1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  return r + r * r * polynomial(c, r);
}

// x = n ln 2 + r
struct Parts {
  double n, r;
};
Parts parts_of(double x) {
  const double n = std::nearbyint(x * kLog2E);
  return {n, (x - n * kLn2High) - n * kLn2Low};
}

// log(1 + f) = 2 artanh(s), s = f / (2 + f), for 1 + f between the roots of 1/2 and 2.
double small_log1p(double f) {
  constexpr double c[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11,
                          2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21};
  const double s = f / (2 + f), square = s * s;
  // 2 s = f - s f, where f is exact.
  return f - s * (f - square * polynomial(c, square));
}

// x = 2^exponent (1 + f), 1 + f between the roots of 1/2 and 2.
struct Mantissa {
  double exponent, f;
};
Mantissa mantissa_of(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) {
    m *= 2;
    --exponent;
  }
  return {static_cast<double>(exponent), m - 1};
}

}  // namespace

double exp(double x) {
  if (!(x > -750)) return x != x ? x : 0;
  if (x > 710) return kInfinity;
  const auto [n, r] = parts_of(x);
  return std::ldexp(1 + small_expm1(r), static_cast<int>(n));
}

double exp2(double x) {
  if (!(x > -1080)) return x != x ? x : 0;
  if (x > 1024) return kInfinity;
  const double n = std::nearbyint(x);
  return std::ldexp(1 + small_expm1((x - n) / kLog2E), static_cast<int>(n));
}

double expm1(double x) {
  if (std::abs(x) <= 0.34) return small_expm1(x);
  return exp(x) - 1;
}

double log(double x) {
  if (!(x > 0) || x == kInfinity) return std::log(x);
  const auto [exponent, f] = mantissa_of(x);
  return exponent * kLn2High + (exponent * kLn2Low + small_log1p(f));
}

double log2(double x) {
  if (!(x > 0) || x == kInfinity) return std::log2(x);
  const auto [exponent, f] = mantissa_of(x);
  return exponent + small_log1p(f) * kLog2E;
}

double log1p(double x) {
  if (x > -0.29 && x < 0.41) return small_log1p(x);
  return log(1 + x);
}

double pow(double x, double y) {
  if (y == 2) return x * x;
  if (!std::isfinite(x) || !std::isfinite(y) || x == 0 || y == 0 || y == 1) return std::pow(x, y);
  if (x < 0) {
    if (std::nearbyint(y) != y) return std::pow(x, y);
    return std::fmod(y, 2) == 0 ? pow(-x, y) : -pow(-x, y);
  }
  return exp(y * log(x));
}

double sin(double x) { return std::abs(x) <= kFarthest ? sine_and_cosine(x).sine : std::sin(x); }
double cos(double x) { return std::abs(x) <= kFarthest ? sine_and_cosine(x).cosine : std::cos(x); }

}  // namespace longhaul::elementary
