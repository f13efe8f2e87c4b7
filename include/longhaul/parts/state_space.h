#pragma once

#include <algorithm>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"

// What the state spaces (s4, s4d, s5, mamba) share: options, steps and discretisations.
namespace longhaul {

// Step sizes dt at the start: log-uniform in [least, most].
struct StepRange {
  double least = 1e-3, most = 0.1;

  static StepRange read(Options& options) {
    StepRange range;
    range.least = options.number("dt_min", 1e-3, "least step size at the start", 1e-9, 100);
    range.most = options.number("dt_max", 0.1, "largest step size at the start", 1e-9, 100);
    if (range.least <= range.most) return range;
    options.problem("dt_max",
                    text("dt_max ", range.most, " must not lie below dt_min ", range.least));
    return {};
  }
};

// Half of the option state, real dimensions N of a channel's state: states stand for conjugate
// pairs. Notes a problem and returns 1 where N is odd.
inline int64_t read_state_pairs(Options& options) {
  const int64_t N = options.integer("state", 64, "real dimensions N of a channel's state; even", 2);
  if (N % 2 == 0) return N / 2;
  options.problem("state", text("state ", N, " is odd: states come in conjugate pairs"));
  return 1;
}

// Whether the option output asks for W gelu(y) behind the recurrence.
inline bool read_has_product(Options& options) {
  return options.choice("output", "product", {"product", "none"},
                        "GELU and a product behind the recurrence; none where feed_forward has "
                        "gates") == "product";
}

inline Init log_steps(const StepRange& range) {  // log dt
  return uniform(elementary::log(range.least), elementary::log(range.most));
}

inline Init inverse_softplus(const Init& logarithms) {  // y with softplus(y) = exp(logarithm)
  return [=](Tensor& values, Rng& rng) {
    logarithms(values, rng);
    for (int64_t i = 0; i < values.size(); ++i)
      values.data()[i] = static_cast<float>(
          elementary::log(elementary::expm1(elementary::exp(double{values.data()[i]}))));
  };
}

// f(n) in row n of [N, ...] or at n of [N].
template <class F>
Init by_state(F f) {
  return [f](Tensor& values, Rng&) {
    const int64_t N = values.dim(0), width = N ? values.size() / N : 0;
    for (int64_t n = 0; n < N; ++n)
      std::fill_n(values.data() + n * width, width, static_cast<float>(f(n)));
  };
}

// Complex numbers as two tensors.
struct Complex {
  Tensor re, im;
};
inline Complex operator*(const Complex& a, const Complex& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

// x' = a x + b u in steps of dt: x_t = decay x_{t-1} + input b u_t.
struct Discrete {
  Complex decay, input;
};

// Zero-order hold: decay = exp(z), input = (exp(z) - 1) / a, z = a dt. exp(z) - 1 is written so
// that nothing cancels for small z: its real part is expm1(x) cos(y) - 2 sin^2(y/2), and expm1(x) =
// tanh(x/2) (exp(x) + 1).
inline Discrete zero_order_hold(const Complex& a, const Tensor& dt) {
  const Tensor x = a.re * dt, y = a.im * dt, growth = exp(x), half = sin(0.5f * y);
  const Complex decay{growth * cos(y), growth * sin(y)};
  const Complex less_one{tanh(0.5f * x) * shift(growth, 1) * cos(y) - 2.0f * (half * half),
                         decay.im};
  const Tensor norm = a.re * a.re + a.im * a.im;
  return {decay, less_one * Complex{a.re / norm, -1.0f * a.im / norm}};
}

// Tustin's rule: decay = (1 + z/2) / (1 - z/2), input = dt / (1 - z/2), z = a dt.
inline Discrete bilinear(const Complex& a, const Tensor& dt) {
  const Tensor x = 0.5f * (a.re * dt), y = 0.5f * (a.im * dt);
  const Tensor below = shift(-1.0f * x, 1), norm = below * below + y * y;  // 1 - z/2 = below - i y
  const Complex inverse{below / norm, y / norm};
  return {Complex{shift(x, 1), y} * inverse, {dt * inverse.re, dt * inverse.im}};
}

}  // namespace longhaul
