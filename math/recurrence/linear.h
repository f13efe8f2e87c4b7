#pragma once

#include <cstdint>

#include "math/recurrence/product.h"
#include "math/recurrence/recurrence.h"

namespace longhaul {

constexpr int64_t kChunk = 1024;      // steps that one thread evaluates or solves
constexpr float kMemoryBound = 1e8f;  // of |c|, which has no bound of its own

template <class F>
inline F clip(F x, float bound) {  // -bound for a NaN
  const F low = F{} - bound, high = F{} + bound;
  const F above = x > low ? x : low;
  return above < high ? above : high;
}

// The linear recurrence of one sweep. Plane 1 of f, h and next lies `..._plane` behind plane 0. The
// row before the first of h and next is the state before the sequence.
struct LinearSweep {
  int64_t T, N, block;
  const float *f, *h, *M;
  float* next;
  int64_t f_plane, plane;
  float bound;   // of |h|
  bool chunked;  // cut into chunks for threads, whose M are composed
};
void sweep_channels(int64_t planes, const LinearSweep& s);  // M [planes, planes, T, N]
void sweep_blocks(const LinearSweep& s);                    // M [T, N, block]
void sweep_applied(Cell cell, const BlockProduct& product, const LinearSweep& s);  // M: slopes

}  // namespace longhaul
