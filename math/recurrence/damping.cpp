// The damping of `elk` (Gonzalez et al. 2024, arXiv:2407.19115, their quasi-ELK): a sweep is the
// Kalman filter of the linearised recurrence with process noise 1, which also observes the last
// iterate h' with noise 1 / damping. Per value of the state, with j the diagonal of M_t:
//
//   p_t = 1 + j^2 q_{t-1}    K_t = p_t / (p_t + 1 / damping)    q_t = (1 - K_t) p_t    q_{-1} = 0
//   h_t = h'_t + (1 - K_t) (f_t + M_t d_{t-1} - h'_t)
//
// Where the linear recurrence is stable, p stays near 1 and K near `damping`; where it would grow,
// p grows too and h_t stays at h'_t. K < 1 only shortens steps, so a converged h is the exact one,
// reached at a linear rate; the first n steps are not exact after n sweeps.
//
// `clip_elk` (Gonzalez et al. 2025, arXiv:2509.21716, appendix F.2) has no parameter: the diagonal
// is clipped to [-1, 1]. The 2 x 2 blocks of a cell with a memory are divided by their largest
// singular value s instead, where it is above 1: s^2 = (a + sqrt(a^2 - 4 det^2)) / 2, a the sum of
// squares.
#include "math/recurrence/damping.h"

#include <algorithm>
#include <cmath>

#include "math/parallel.h"
#include "math/recurrence/linear.h"

namespace longhaul {

void damp(int64_t planes, const LinearSweep& s, double damping, float* M, float* target) {
  const float lambda = static_cast<float>(damping);
  const int64_t plane = s.T * s.N;
  const Tensor variances({planes, s.N});  // q
  for (int64_t k = 0; k < planes; ++k) {
    const float *f = s.f + k * s.f_plane, *h = s.h + k * s.plane;
    float *q = variances.data() + k * s.N, *y = target + k * plane;
    split_columns(s.N, [&](int64_t begin, int64_t end) {
      for (int64_t t = 0; t < s.T; ++t) {
        const int64_t row = t * s.N;
        float* first = M + k * planes * plane + row;  // row k of M, at column 0
        const float* own = first + k * plane;
#pragma omp simd
        for (int64_t n = begin; n < end; ++n) {
          const float p = std::fma(own[n] * own[n], q[n], 1.0f);
          const float left = 1 / std::fma(lambda, p, 1.0f);  // 1 - K
          q[n] = left * p;
          y[row + n] = std::fma(left, f[row + n] - h[row + n], h[row + n]);
          for (int64_t j = planes - 1; j >= 0; --j) first[j * plane + n] *= left;
        }
      }
    });
  }
}

void contract(int64_t planes, int64_t positions, float* M) {
  if (planes == 1) {
#pragma omp simd
    for (int64_t i = 0; i < positions; ++i) M[i] = clip(M[i], 1.0f);
    return;
  }
  float *hh = M, *hc = hh + positions, *ch = hc + positions, *cc = ch + positions;
#pragma omp simd
  for (int64_t i = 0; i < positions; ++i) {
    const float squares = hh[i] * hh[i] + hc[i] * hc[i] + ch[i] * ch[i] + cc[i] * cc[i];
    const float det = hh[i] * cc[i] - hc[i] * ch[i];
    const float root = std::sqrt(std::max(squares * squares - 4 * det * det, 0.0f));
    const float shrink = 1 / std::sqrt(std::max((squares + root) / 2, 1.0f));
    hh[i] *= shrink;
    hc[i] *= shrink;
    ch[i] *= shrink;
    cc[i] *= shrink;
  }
}

}  // namespace longhaul
