#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "longhaul/elementary.h"

// The scale of attention logits that maximises the gradient through the softmax (Su Jianlin,
// kexue.fm/archives/9812): G(alpha) = alpha (1 - sum p_i^2), p = softmax(alpha s) over n keys, with
// the annealed estimate sum p^2 = E[e^(2 alpha s)] / (n E[e^(alpha s)]^2). For a Gaussian s the
// true optimum lies higher; docs/models/transformer.md.
namespace attention_scale {

// s ~ N(0, 1), as q.k / sqrt(d) is at first: the root of e^(a^2) (1 + 2 a^2) = n.
inline double gaussian_optimum(double n) {
  double low = 0, high = 8;
  for (int i = 0; i < 60; ++i) {
    const double a = (low + high) / 2;
    (a * a + longhaul::elementary::log1p(2 * a * a) < longhaul::elementary::log(n) ? low : high) =
        a;
  }
  return low;
}

// ln E[e^(a s)] of the cosine s of two directions in d dimensions, density ~ (1 - s^2)^((d-3)/2):
// with s = cos(t), density sin(t)^(d-2), by the midpoint rule.
inline double log_mean_exp_cosine(double a, int64_t d) {
  constexpr int kPoints = 500;
  double weights = 0, sum = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double t = (i + 0.5) * std::numbers::pi / kPoints;
    const double weight =
        longhaul::elementary::pow(longhaul::elementary::sin(t), static_cast<double>(d - 2));
    weights += weight;
    sum += weight * longhaul::elementary::exp(a * (longhaul::elementary::cos(t) - 1));
  }
  return a + longhaul::elementary::log(sum / weights);
}

// The maximum of G for cosines, by golden section.
inline double cosine_optimum(double n, int64_t d) {
  const int64_t width = std::max<int64_t>(d, 2);
  const auto G = [&](double a) {
    return a * (1 - longhaul::elementary::exp(log_mean_exp_cosine(2 * a, width) -
                                              2 * log_mean_exp_cosine(a, width)) /
                        n);
  };
  double low = 0,
         high = 4 * std::sqrt(static_cast<double>(width)) + 8 * longhaul::elementary::log(n);
  constexpr double kRatio = 0.6180339887498949;
  for (int i = 0; i < 40; ++i) {
    const double a = high - kRatio * (high - low), b = low + kRatio * (high - low);
    if (G(a) < G(b))
      low = a;
    else
      high = b;
  }
  return (low + high) / 2;
}

}  // namespace attention_scale
