#include "math/parallel.h"

#include <omp.h>

namespace longhaul {

thread_local int LaneScope::depth_ = 0;

LaneScope::LaneScope() { ++depth_; }
LaneScope::~LaneScope() { --depth_; }
bool LaneScope::inside() { return depth_ > 0; }

void set_threads(int threads) { omp_set_num_threads(threads); }
int threads() { return omp_get_max_threads(); }

void run_chunks(int64_t chunks, void (*body)(void*, int64_t), void* context) {
  const bool serial = LaneScope::inside() || chunks < 2;
#pragma omp parallel for schedule(dynamic) if (!serial)
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    const LaneScope lane;  // nested kernels stay on this thread
    body(context, chunk);
  }
}

}  // namespace longhaul
