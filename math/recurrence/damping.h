#pragma once

#include <cstdint>

#include "math/recurrence/linear.h"

namespace longhaul {

// Scalar Kalman gains of the damped solver (damping.cpp): f and M, copied into `target` and changed
// in place.
void damp(int64_t planes, const LinearSweep& s, double damping, float* M, float* target);

}  // namespace longhaul
