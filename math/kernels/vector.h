#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#ifdef __FMA__
#include <immintrin.h>
#endif

namespace longhaul {

// Eight floats: one register where the machine has AVX. In memory they may lie anywhere.
constexpr int64_t kVectorWidth = 8;
using Vector [[gnu::vector_size(32)]] = float;

template <class F>  // float or Vector
inline F load(const float* p) {
  F value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <class F>
inline void store(float* p, F value) {
  std::memcpy(p, &value, sizeof value);
}

// a * b + c, rounded once.
inline float multiply_add(float a, float b, float c) { return std::fma(a, b, c); }
inline Vector multiply_add(Vector a, Vector b, Vector c) {
#ifdef __FMA__
  return _mm256_fmadd_ps(a, b, c);
#else
  for (int i = 0; i < kVectorWidth; ++i) c[i] = std::fma(a[i], b[i], c[i]);
  return c;
#endif
}

}  // namespace longhaul
