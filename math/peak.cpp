#include "math/peak.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "math/parallel.h"
#include "support/clock.h"
#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace longhaul {
namespace {

// Enough to hide the latency of two pipes (2 x 4 cycles), few enough for AVX2's 16 registers.
constexpr int kChains = 12;
constexpr int kSteps = 20000;  // of every chain: 0.06 to 0.1 ms
constexpr int kBursts = 200;

// A function that advances kChains vectors by x = x * factor + term, kSteps times. The chains start
// from different values: equal ones would be compiled into one.
struct Chains {
  float (*run)(float factor, float term);
  int lanes;  // floats of a vector
};

using Vector128 = float __attribute__((vector_size(16)));

float run_128(float factor, float term) {
  Vector128 x[kChains];
  for (int chain = 0; chain < kChains; ++chain) x[chain] = Vector128{} + static_cast<float>(chain);
  for (int step = 0; step < kSteps; ++step)
    for (Vector128& chain : x) chain = chain * factor + term;
  for (const Vector128& chain : x) x[0] += chain;
  return x[0][0];
}

#ifdef __x86_64__

__attribute__((target("avx2,fma"))) float run_256(float factor, float term) {
  const __m256 a = _mm256_set1_ps(factor), b = _mm256_set1_ps(term);
  __m256 x[kChains];
  for (int chain = 0; chain < kChains; ++chain)
    x[chain] = _mm256_set1_ps(static_cast<float>(chain));
  for (int step = 0; step < kSteps; ++step)
    for (__m256& chain : x) chain = _mm256_fmadd_ps(chain, a, b);
  for (const __m256& chain : x) x[0] = _mm256_add_ps(x[0], chain);
  return _mm256_cvtss_f32(x[0]);
}

__attribute__((target("avx512f"))) float run_512(float factor, float term) {
  const __m512 a = _mm512_set1_ps(factor), b = _mm512_set1_ps(term);
  __m512 x[kChains];
  for (int chain = 0; chain < kChains; ++chain)
    x[chain] = _mm512_set1_ps(static_cast<float>(chain));
  for (int step = 0; step < kSteps; ++step)
    for (__m512& chain : x) chain = _mm512_fmadd_ps(chain, a, b);
  for (const __m512& chain : x) x[0] = _mm512_add_ps(x[0], chain);
  return _mm512_cvtss_f32(x[0]);
}

Chains widest() {
  if (__builtin_cpu_supports("avx512f")) return {run_512, 16};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {run_256, 8};
  return {run_128, 4};
}

#else

Chains widest() { return {run_128, 4}; }

#endif

}  // namespace

double fma_gflops() {
  static const Chains chains = widest();
  // Volatile, so that no run is left out, shared or moved past the clock.
  volatile float factor = 0.999f, result = 0;
  const Stopwatch watch;
  result = chains.run(factor, 0.001f);
  const double seconds = watch.seconds();
  static_cast<void>(result);
  return 2e-9 * kChains * kSteps * chains.lanes / seconds;
}

double fma_peak_gflops() {
  double best = 0;
  for (int burst = 0; burst < kBursts; ++burst) best = std::max(best, fma_gflops());
  return best;
}

double memory_gigabytes_per_second(int threads) {
  constexpr int64_t kLeast = 64 << 20, kMost = 1 << 30;  // bytes of an array
  constexpr int kPasses = 8;
  const int64_t cache = std::max<int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), 0);
  const int64_t count = std::clamp(cache / 2, kLeast, kMost) / static_cast<int64_t>(sizeof(float));
  const auto a = std::make_unique_for_overwrite<float[]>(count);
  const auto b = std::make_unique_for_overwrite<float[]>(count);
  const auto c = std::make_unique_for_overwrite<float[]>(count);
  const int64_t part = (count + threads - 1) / threads;
  parallel_for(count, part, [&](int64_t begin, int64_t end) {
    std::fill(&b[begin], &b[end], 1.0f);
    std::fill(&c[begin], &c[end], 2.0f);
    std::fill(&a[begin], &a[end], 0.0f);
  });
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto factor = static_cast<float>(pass);
    const Stopwatch watch;
    parallel_for(count, part, [&](int64_t begin, int64_t end) {
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) a[i] = b[i] + factor * c[i];
    });
    best = std::max(best, 3e-9 * sizeof(float) * static_cast<double>(count) / watch.seconds());
  }
  return best;
}

}  // namespace longhaul
