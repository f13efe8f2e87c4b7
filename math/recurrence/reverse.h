#pragma once

#include "math/recurrence/recurrence.h"

namespace longhaul {

// Fills a [B, T, G N], the gradients of R_g h, and du (the same array but for the gru) from dh.
void solve_back(const Recurrence& r, const Solution& s, const float* dh, float* a, float* du);

// Adds the gradients of u, R and the peepholes of a cifg, given that of h.
void reverse_recurrence(const Recurrence& r, const Solution& s, const Tensor& u,
                        const Tensor& recurrent, const Tensor& peepholes);

}  // namespace longhaul
