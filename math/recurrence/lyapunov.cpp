#include "math/recurrence/lyapunov.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"
#include "math/recurrence/sweep.h"

namespace longhaul {
namespace {

constexpr int64_t kPiece = 8;  // steps between two looks at |v|, which must stay a float

thread_local Exponents* active_exponents = nullptr;

// Steps [t, t + n): v becomes J v. `states` holds h, and c, from the step before on.
void carry(const Recurrence& one, const BlockProduct& product, int64_t t, int64_t n,
           const float* states, float* v) {
  const RecurrenceSpec spec{.cell = one.cell, .solver = Solver::newton};
  const int64_t size = n * one.N, planes = planes_of(one.cell);
  const Tensor values = Tensor::empty({planes + kept_of(one.cell), n, one.N});
  const CellOutput at{values.data(), values.data() + (planes - 1) * size,
                      values.data() + planes * size, size};
  Recurrence piece = one;
  piece.T = n;
  piece.u = one.u + t * one.G * one.N;
  if (one.leak) piece.leak = one.leak + t;
  Sweep sweep(piece, spec, product, at, size);
  sweep.evaluate(states + one.N);
  sweep.carry(v);
}

double norm(const Tensor& v) {
  double squares = 0;
  for (int64_t i = 0; i < v.size(); ++i) squares += double{v.data()[i]} * v.data()[i];
  return std::max(std::sqrt(squares), std::numeric_limits<double>::min());
}

}  // namespace

double largest_exponent(const Recurrence& one, const float* h, const float* c) {
  const int64_t N = one.N, planes = planes_of(one.cell);
  const BlockProduct product(one, false);
  const Tensor v({planes, N}, 1 / std::sqrt(static_cast<float>(planes * N)));
  double sum = 0;
  for (int64_t t = 1; t < one.T; t += kPiece) {
    const int64_t n = std::min(kPiece, one.T - t);
    const Tensor states = Tensor::empty({planes, n + 1, N});
    std::copy_n(h + (t - 1) * N, (n + 1) * N, states.data());
    if (planes > 1) std::copy_n(c + (t - 1) * N, (n + 1) * N, states.data() + (n + 1) * N);
    carry(one, product, t, n, states.data(), v.data());
    const double size = norm(v);
    sum += std::log(size);
    for (int64_t i = 0; i < v.size(); ++i) v.data()[i] = static_cast<float>(v.data()[i] / size);
  }
  return sum / static_cast<double>(one.T - 1);
}

Exponents::Exponents() : outer_(std::exchange(active_exponents, this)) {}
Exponents::~Exponents() { active_exponents = outer_; }
Exponents* Exponents::active() { return active_exponents; }

void Exponents::add(double exponent) {
  sum_ += exponent;
  ++count_;
}

}  // namespace longhaul
