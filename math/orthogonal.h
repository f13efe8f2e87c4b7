#pragma once

#include <cstdint>

namespace longhaul {

// Replaces x [rows, columns] = U S V^T by about U V^T: five Newton-Schulz steps
//   X <- a X + (b A + c A^2) X, A = X X^T, from X = x / |x|
// with the factors of Jordan et al. 2024 (kellerjordan.github.io/posts/muon), which end with
// singular values between about 0.7 and 1.2; a value below 1e-3 of |x| ends lower. x = 0 stays. On
// the calling thread. Time O(rows columns min(rows, columns)).
void make_orthogonal(float* x, int64_t rows, int64_t columns);

}  // namespace longhaul
