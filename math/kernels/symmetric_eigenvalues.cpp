#include "math/kernels/symmetric_eigenvalues.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace longhaul {
namespace {

constexpr int kMostSweeps = 30;
constexpr double kTolerance = 1e-24;  // of the squares beside the diagonal, relative to all

// Turns rows and columns p and q so that a[p, q] is 0.
void rotate(std::vector<double>& a, int64_t n, int64_t p, int64_t q) {
  if (a[p * n + q] == 0) return;
  const double slope = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
  const double t = (slope < 0 ? -1 : 1) / (std::abs(slope) + std::hypot(slope, 1));
  const double c = 1 / std::hypot(t, 1), s = t * c;
  for (int64_t i = 0; i < n; ++i) {
    const double left = a[p * n + i], right = a[q * n + i];
    a[p * n + i] = c * left - s * right;
    a[q * n + i] = s * left + c * right;
  }
  for (int64_t i = 0; i < n; ++i) {
    const double left = a[i * n + p], right = a[i * n + q];
    a[i * n + p] = c * left - s * right;
    a[i * n + q] = s * left + c * right;
  }
}

bool is_diagonal(const std::vector<double>& a, int64_t n) {
  double all = 0, beside = 0;
  for (int64_t i = 0; i < n * n; ++i) {
    all += a[i] * a[i];
    if (i / n != i % n) beside += a[i] * a[i];
  }
  return beside <= kTolerance * all;
}

}  // namespace

std::vector<double> symmetric_eigenvalues(std::vector<double> a, int64_t n) {
  for (int sweep = 0; sweep < kMostSweeps && !is_diagonal(a, n); ++sweep)
    for (int64_t p = 0; p < n; ++p)
      for (int64_t q = p + 1; q < n; ++q) rotate(a, n, p, q);
  std::vector<double> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(a[i * n + i]);
  std::sort(values.begin(), values.end(), std::greater<>());
  return values;
}

}  // namespace longhaul
