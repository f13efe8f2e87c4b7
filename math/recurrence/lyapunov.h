#pragma once

#include "math/recurrence/recurrence.h"

namespace longhaul {

// The largest Lyapunov exponent of one sequence (B = 1) along the states h, and c of a cell with a
// memory: the mean over steps of log |J_t v| / |v|, J_t the Jacobian of the cell at h_{t-1}, v the
// direction that the steps before have turned it to. Below 0 nearby states run together, above 0
// apart. Of two steps at least.
double largest_exponent(const Recurrence& one, const float* h, const float* c);

// While it lives, recurrences on this thread measure their exponent, of every sequence, beside what
// they do; free where none lives.
class Exponents {
 public:
  Exponents();
  ~Exponents();
  Exponents(const Exponents&) = delete;
  Exponents& operator=(const Exponents&) = delete;
  static Exponents* active();

  void add(double exponent);
  bool empty() const { return count_ == 0; }
  double mean() const { return sum_ / count_; }

 private:
  Exponents* outer_;
  double sum_ = 0, count_ = 0;
};

}  // namespace longhaul
