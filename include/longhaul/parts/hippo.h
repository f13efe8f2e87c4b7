#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <vector>

// Where s4 and s5 start: the eigenvalues -1/2 + i w of the normal part of HiPPO-LegS (Gu et al.
// 2020, arXiv:2008.07669), of size M. It is -1/2 plus a skew matrix of the form p_n p_m sign(m -
// n), p_n^2 = n + 1/2, and HiPPO-LegS is that less p p^T.
namespace longhaul {

// The k-th positive frequency w, k = 0 .. M/2 - 1, largest first: the solution of
//   sum_{n < M} atan((n + 1/2) / w) = (k + 1/2) pi,
// whose left side falls with w. (Running an eigenvector through the rows of the matrix multiplies a
// remainder by (1 - q) / (1 + q), q = p_n^2 / (i w), which must come to -1 at the end.)
inline double hippo_frequency(int64_t M, int64_t k) {
  double low = 0, high = static_cast<double>(M * M);
  for (int i = 0; i < 100; ++i) {
    const double w = 0.5 * (low + high);
    double sum = 0;
    for (int64_t n = 0; n < M; ++n) sum += std::atan((static_cast<double>(n) + 0.5) / w);
    (sum > (static_cast<double>(k) + 0.5) * std::numbers::pi ? low : high) = w;
  }
  return low;
}

// A frequency, and p in the direction of its unit eigenvector: v* p.
struct HippoMode {
  double frequency = 0;
  std::complex<double> p;
};

// All M/2 of them. Row n of the eigenvalue equation says v_n = p_n R_n / (i w), R_n the sum of
// p_m v_m behind n less that before it; rows n and n + 1 differ by R_{n+1} = R_n (1 - q_n) / (1 +
// q_{n+1}).
inline std::vector<HippoMode> hippo_modes(int64_t M) {
  std::vector<HippoMode> modes;
  for (int64_t k = 0; k < M / 2; ++k) {
    HippoMode mode{hippo_frequency(M, k), 0};
    const std::complex<double> iw(0, mode.frequency);
    std::complex<double> rest = 1;
    double length = 0;
    for (int64_t n = 0; n < M; ++n) {
      const double square = static_cast<double>(n) + 0.5;
      if (n > 0) rest *= (1.0 - (square - 1) / iw) / (1.0 + square / iw);
      const std::complex<double> v = std::sqrt(square) * rest / iw;
      length += std::norm(v);
      mode.p += std::conj(v) * std::sqrt(square);
    }
    mode.p /= std::sqrt(length);
    modes.push_back(mode);
  }
  return modes;
}

}  // namespace longhaul
