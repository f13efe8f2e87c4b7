#pragma once

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

// a * b + c, fused where the machine can. Left to choose, GCC fuses in some loops and not in
// others, and the same sum would have different bits in each.
inline Vector multiply_add(Vector a, Vector b, Vector c) {
#ifdef __FMA__
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

}  // namespace longhaul
