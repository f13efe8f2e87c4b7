#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "longhaul/elementary.h"
#include "longhaul/ops.h"
#include "longhaul/tensor.h"

// How attention is told positions: frequencies of rotary positions and their changes after
// training, decay (xpos), and biases by distance. d is the width of a head, pair i = 0 .. d/2 - 1.
namespace attention_positions {
using longhaul::Tensor;

// theta_i = base^(-2i/d) (Su et al. 2021, arXiv:2104.09864, section 3.2.2).
inline std::vector<double> rope_frequencies(int64_t d, double base) {
  std::vector<double> theta;
  for (int64_t i = 0; i < d / 2; ++i)
    theta.push_back(
        longhaul::elementary::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(d)));
  return theta;
}

// What a change after training goes by.
struct Stretch {
  double factor = 1;      // k: tested length / trained length
  double base = 10000;    // of the trained frequencies
  double trained = 0;     // length
  double yarn_fast = 32;  // tau: pairs that turn so often in the trained length stay as they are
};

// The share of theta_i that YaRN (Peng et al. 2023, arXiv:2309.00071, section 3.2) keeps; the rest
// is divided by k. This ramp runs along the turns r = theta L / 2 pi, from 1 to tau, as in
// eq. 18.
inline double yarn_kept(double theta, const Stretch& s) {
  const double turns = theta * s.trained / (2 * std::numbers::pi);
  if (turns >= s.yarn_fast) return 1;
  return turns <= 1 ? 0 : (turns - 1) / (s.yarn_fast - 1);
}

// The ramp of the authors' code runs along the pair's index, from the pair that turns tau times to
// the one that turns once.
inline double yarn_index_kept(int64_t pair, int64_t d, const Stretch& s) {
  const auto index_of = [&](double turns) {
    return static_cast<double>(d) *
           longhaul::elementary::log(s.trained / (turns * 2 * std::numbers::pi)) /
           (2 * longhaul::elementary::log(s.base));
  };
  const auto top = static_cast<double>(d - 1);
  const double low = std::clamp(std::floor(index_of(s.yarn_fast)), 0.0, top);
  const double high = std::clamp(std::ceil(index_of(1)), 0.0, top);
  const double width = std::max(high - low, 1e-3);
  return 1 - std::clamp((static_cast<double>(pair) - low) / width, 0.0, 1.0);
}

// Frequencies changed after training, by name of the change; the same if it changes none.
//   pi         theta / k                             Chen et al. 2023, arXiv:2306.15595
//   ntk_aware  base times k^(d/(d-2))                the lowest frequency is divided by k
//   ntk_old    base times k
//   ntk_fixed  theta_i k^(-2(i+1)/d)                 digits of a number system of larger base
//   ntk_mixed  theta_i k^(-((i+1)/(d/2))^0.625)      pi for exponent 0, ntk_fixed for exponent 1
//   yarn, yarn_index                                 above
inline std::vector<double> stretched(const std::string& change, std::vector<double> theta,
                                     const Stretch& s) {
  if (s.factor == 1) return theta;
  const auto half = static_cast<double>(theta.size());
  const auto d = 2 * static_cast<int64_t>(theta.size());
  for (std::size_t pair = 0; pair < theta.size(); ++pair) {
    const auto i = static_cast<double>(pair);
    const auto partly = [&](double kept) { return kept + (1 - kept) / s.factor; };
    double exponent = 0;  // of 1 / k
    if (change == "pi") exponent = 1;
    if (change == "ntk_aware") exponent = pair == 0 ? 0 : i / (half - 1);
    if (change == "ntk_old") exponent = i / half;
    if (change == "ntk_fixed") exponent = (i + 1) / half;
    if (change == "ntk_mixed") exponent = longhaul::elementary::pow((i + 1) / half, 0.625);
    if (change == "yarn")
      theta[pair] *= partly(yarn_kept(theta[pair], s));
    else if (change == "yarn_index")
      theta[pair] *= partly(yarn_index_kept(static_cast<int64_t>(pair), d, s));
    else
      theta[pair] *= longhaul::elementary::pow(s.factor, -exponent);
  }
  return theta;
}

// What YaRN multiplies the logits by: q and k both grow by 0.1 ln k + 1.
inline double yarn_logit_factor(double k) {
  return longhaul::elementary::pow(0.1 * longhaul::elementary::log(k) + 1, 2);
}

// xPos (Sun et al. 2022, arXiv:2212.10554): ln of zeta_i^(1/512), by which q grows and k shrinks a
// position, zeta_i = (2i + 0.4 d) / (1.4 d).
inline std::vector<double> xpos_growth(int64_t d) {
  std::vector<double> growth;
  for (int64_t i = 0; i < d / 2; ++i)
    growth.push_back(longhaul::elementary::log(
                         (2.0 * static_cast<double>(i) / static_cast<double>(d) + 0.4) / 1.4) /
                     512);
  return growth;
}

inline std::vector<double> negated(std::vector<double> x) {
  for (double& value : x) value = -value;
  return x;
}

// Slopes of ALiBi (Press et al. 2022, arXiv:2108.12409, section 3): 2^(-8h/H), h = 1 .. H, for a
// power of two; else those of the next smaller one, then every other one of its double.
inline Tensor alibi_slopes(int64_t heads) {  // [H, 1]
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  Tensor slopes({heads, 1});
  for (int64_t h = 0; h < heads; ++h) {
    const double step = h < power ? 8.0 * static_cast<double>(h + 1)
                                  : 4.0 * static_cast<double>(2 * (h - power) + 1);
    slopes.data()[h] =
        static_cast<float>(longhaul::elementary::exp2(-step / static_cast<double>(power)));
  }
  return slopes;
}

// f(0), f(1), ..., f(n - 1) as a row [1, n].
template <class F>
Tensor by_distance(int64_t n, F&& f) {
  Tensor row = Tensor::empty({1, n});
  for (int64_t D = 0; D < n; ++D) row.data()[D] = static_cast<float>(f(static_cast<double>(D)));
  return row;
}

// The range in which KERPLE's authors hold its parameters: each from below, the exponent from
// above.
constexpr float kKerpleLeast = 0.01f, kKerpleSteepest = 2;

// Biases [H, n] of distances 0 .. n - 1. ALiBi: slopes [H, 1].
inline Tensor alibi_bias(const Tensor& slopes, int64_t n) {
  return -1 * (slopes * by_distance(n, [](double D) { return D; }));
}

// KERPLE (Chi et al. 2022, arXiv:2205.09921, section 4): r1 and r2 [H, 1] are learned. Here and
// below D is a distance.
inline Tensor kerple_log_bias(const Tensor& r1, const Tensor& r2, int64_t n) {  // -r1 ln(1 + r2 D)
  const Tensor grown = r2 * by_distance(n, [](double D) { return D; });
  return -1 * (r1 * log(shift(grown, 1)));
}

inline Tensor kerple_power_bias(const Tensor& r1, const Tensor& r2, int64_t n) {  // -r1 D^r2
  const Tensor log_distance = by_distance(
      n, [](double D) { return D > 0 ? longhaul::elementary::log(D) : -1e4; });  // 0^r2 = 0
  return -1 * (r1 * exp(r2 * log_distance));
}

}  // namespace attention_positions
