#pragma once

#include <cstdint>

#include "math/recurrence/linear.h"

namespace longhaul {

// Scalar Kalman gains of the damped solver (damping.cpp): f and M, copied into `target` and changed
// in place.
void damp(int64_t planes, const LinearSweep& s, double damping, float* M, float* target);

// clip_elk: divides each block [planes, planes] of M by its norm where that is above 1, so that no
// sweep grows. A block of one value is clipped to [-1, 1].
void contract(int64_t planes, int64_t positions, float* M);

}  // namespace longhaul
