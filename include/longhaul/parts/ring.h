#pragma once

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/mixer.h"

namespace longhaul {

// How the linear recurrent units start (Orvieto et al. 2023, arXiv:2303.06349, section 3): |lambda|
// = exp(-exp(nu_log)) uniform in area on the ring [r_min, r_max], inputs scaled by exp(gamma_log).
struct Ring {
  double r_min = 0, r_max = 0.99;

  // The default is the ring of the paper's ListOps runs: all memory spans up to about 100 steps.
  static Ring read(Options& options) {
    Ring ring;
    ring.r_min = options.number("r_min", 0.0, "least |lambda| at the start", 0, 1);
    ring.r_max = options.number("r_max", 0.99, "largest |lambda| at the start, below 1", 0, 1);
    if (ring.r_max >= 1 || ring.r_min >= ring.r_max) {
      options.problem("r_max", text("r_max ", ring.r_max, " must lie above r_min ", ring.r_min,
                                    " and below 1"));
      return {};
    }
    return ring;
  }
};

// Drawn from (0, 1]: the logarithms stay finite.
inline Init nu_log(const Ring& ring) {
  return [=](Tensor& values, Rng& rng) {
    const double low = ring.r_min * ring.r_min, high = ring.r_max * ring.r_max;
    for (int64_t n = 0; n < values.size(); ++n) {
      const double area = low + (1 - rng.uniform()) * (high - low);  // |lambda|^2
      values.data()[n] = static_cast<float>(elementary::log(-0.5 * elementary::log(area)));
    }
  };
}

// log sqrt(1 - |lambda|^2) = log(1 - exp(-2 exp(nu))) / 2
inline Init gamma_log(const Tensor& nu) {
  return [=](Tensor& values, Rng&) {
    for (int64_t n = 0; n < values.size(); ++n)
      values.data()[n] = static_cast<float>(
          0.5 * elementary::log(-elementary::expm1(-2 * elementary::exp(double{nu.data()[n]}))));
  };
}

}  // namespace longhaul
