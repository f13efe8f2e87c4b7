#include "math/parallel.h"

#include <omp.h>

#include <exception>

#ifdef __SSE__
#include <immintrin.h>
#endif

namespace longhaul {

thread_local int LaneScope::depth_ = 0;

LaneScope::LaneScope() { ++depth_; }
LaneScope::~LaneScope() { --depth_; }
bool LaneScope::inside() { return depth_ > 0; }

void set_threads(int threads) { omp_set_num_threads(threads); }
int threads() { return omp_get_max_threads(); }

#ifdef __SSE__
FlushDenormals::FlushDenormals() : before_(_mm_getcsr()) {
  constexpr unsigned kInputsToo = 0x0040;  // denormal inputs count as zero
  _mm_setcsr(before_ | _MM_FLUSH_ZERO_ON | kInputsToo);
}
// Flags that say what arithmetic met meanwhile are not kept.
FlushDenormals::~FlushDenormals() { _mm_setcsr(before_); }
#else
FlushDenormals::FlushDenormals() = default;
FlushDenormals::~FlushDenormals() = default;
#endif

void run_chunks(int64_t chunks, void (*body)(void*, int64_t), void* context) {
  const bool serial = LaneScope::inside() || chunks < 2;
  int64_t thrower = chunks;
  std::exception_ptr thrown;
#pragma omp parallel for schedule(dynamic) if (!serial)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const LaneScope lane;  // nested kernels stay on this thread
    const FlushDenormals flush;
    try {
      body(context, chunk);
    } catch (...) {  // an exception must not leave the parallel region
#pragma omp critical
      if (chunk < thrower) {
        thrower = chunk;
        thrown = std::current_exception();
      }
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace longhaul
