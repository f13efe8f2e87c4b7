#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

// Sums whose order does not depend on the width of a machine's vectors: term i goes to lane i % 16
// of a register of sixteen, whatever the machine has instead, and the lanes are added as a tree.
namespace longhaul {

constexpr int64_t kFoldLanes = 16;

// The halves of a register, added.
template <class Half, class Whole>
inline Half add_halves(const Whole& whole) {
  static_assert(sizeof(Whole) == 2 * sizeof(Half));
  Half low, high;
  std::memcpy(&low, &whole, sizeof low);
  std::memcpy(&high, reinterpret_cast<const char*>(&whole) + sizeof low, sizeof high);
  return low + high;
}

inline float add_lanes(const float (&lanes)[kFoldLanes]) {
  using Eight [[gnu::vector_size(32)]] = float;
  using Four [[gnu::vector_size(16)]] = float;
  const Four four = add_halves<Four>(add_halves<Eight>(lanes));
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// next(sum, i) adds term i of n to a lane's sum.
template <class Next>
inline float fold(int64_t n, Next next) {
  alignas(64) float lanes[kFoldLanes] = {};
  const int64_t whole = n / kFoldLanes * kFoldLanes;
  for (int64_t i = 0; i < whole; i += kFoldLanes) {
#pragma omp simd
    for (int64_t j = 0; j < kFoldLanes; ++j) lanes[j] = next(lanes[j], i + j);
  }
  for (int64_t j = 0; j < n - whole; ++j) lanes[j] = next(lanes[j], whole + j);
  return add_lanes(lanes);
}

inline float sum(const float* x, int64_t n) {
  return fold(n, [=](float total, int64_t i) { return total + x[i]; });
}

inline float dot(const float* a, const float* b, int64_t n) {
  return fold(n, [=](float total, int64_t i) { return std::fma(a[i], b[i], total); });
}

}  // namespace longhaul
