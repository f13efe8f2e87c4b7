#pragma once

#include "longhaul/tensor.h"

// Exponential moving average along time, a decay for each channel:
//
//   y_t = a .* y_{t-1} + (1 - a) .* x_t,  y_{-1} = first
//
// a [D] in (0, 1), x [B, T, D], first [B, D] -> y [B, T, D]. One operator with its own reverse
// step: a loop of tensor operators would put six entries on the tape at every position, and be as
// slow.
longhaul::Tensor moving_average(const longhaul::Tensor& a, const longhaul::Tensor& x,
                                const longhaul::Tensor& first);
