// Performer's random features (FAVOR+, kexue.fm/archives/7921) against the softmax attention that
// they stand for: e^(q.k) = E_w[e^(w.q - |q|^2/2) e^(w.k - |k|^2/2)], w ~ N(0, I), positive; or
// with cos(w.q - w.k) e^(|q|^2/2 + |k|^2/2), trigonometric.
#include <cmath>

#include "harness/claims/measurement.h"
#include "longhaul/rng.h"

namespace longhaul {
namespace {

using Vectors = std::vector<std::vector<double>>;

Vectors normal_vectors(int64_t count, int64_t d, double deviation, Rng& rng) {
  Vectors rows(static_cast<std::size_t>(count), std::vector<double>(static_cast<std::size_t>(d)));
  for (auto& row : rows)
    for (double& x : row) x = deviation * rng.normal();
  return rows;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Makes rows of a group of d orthogonal and keeps their lengths (Gram-Schmidt).
void orthogonalise(Vectors& w) {
  const std::size_t d = w[0].size();
  for (std::size_t row = 0; row < w.size(); ++row) {
    const double length = std::sqrt(dot(w[row], w[row]));
    for (std::size_t other = row / d * d; other < row; ++other) {
      const double along = dot(w[row], w[other]) / dot(w[other], w[other]);
      for (std::size_t i = 0; i < d; ++i) w[row][i] -= along * w[other][i];
    }
    const double rest = std::sqrt(dot(w[row], w[row]));
    for (double& x : w[row]) x *= length / rest;
  }
}

// phi(q) and phi(k) have the same form.
Vectors features(const Vectors& x, const Vectors& w, bool is_positive) {
  Vectors phi;
  for (const auto& row : x) {
    std::vector<double>& own = phi.emplace_back();
    const double half_square = dot(row, row) / 2;
    for (const auto& direction : w) {
      const double along = dot(direction, row);
      if (is_positive) {
        own.push_back(std::exp(along - half_square));
      } else {
        own.push_back(std::cos(along) * std::exp(half_square));
        own.push_back(std::sin(along) * std::exp(half_square));
      }
    }
  }
  return phi;
}

std::vector<double> normalised(const std::vector<double>& q, const Vectors& keys, bool is_softmax) {
  std::vector<double> weights;
  double sum = 0;
  for (const auto& k : keys) {
    weights.push_back(is_softmax ? std::exp(dot(q, k)) : dot(q, k));
    sum += weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

struct Setting {
  int64_t d, n, m;
  double logit_deviation;
  bool is_positive, is_orthogonal;
};

double row_error(const Setting& s, Rng& rng) {
  const double deviation = std::sqrt(s.logit_deviation / std::sqrt(static_cast<double>(s.d)));
  const Vectors q = normal_vectors(s.n, s.d, deviation, rng);
  const Vectors k = normal_vectors(s.n, s.d, deviation, rng);
  Vectors w = normal_vectors(s.m, s.d, 1, rng);
  if (s.is_orthogonal) orthogonalise(w);
  const Vectors phi_q = features(q, w, s.is_positive), phi_k = features(k, w, s.is_positive);
  double error = 0;
  for (std::size_t i = 0; i < q.size(); ++i) {
    const std::vector<double> exact = normalised(q[i], k, true);
    const std::vector<double> found = normalised(phi_q[i], phi_k, false);
    for (std::size_t j = 0; j < exact.size(); ++j) error += std::abs(found[j] - exact[j]);
  }
  return error / static_cast<double>(s.n);
}

// The mean of many features over what it should be, for one q and k with q.k = 0.5.
double kernel_ratio(const Setting& s, Rng& rng) {
  constexpr int kDraws = 1000000;
  std::vector<double> q(static_cast<std::size_t>(s.d), 0.0), k = q;
  q[0] = k[0] = std::sqrt(0.5);
  double sum = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double w = rng.normal();  // only this coordinate of w meets q and k
    sum += s.is_positive ? std::exp(w * q[0] - dot(q, q) / 2) * std::exp(w * k[0] - dot(k, k) / 2)
                         : std::cos(w * (q[0] - k[0])) * std::exp(dot(q, q) / 2 + dot(k, k) / 2);
  }
  return sum / kDraws / std::exp(dot(q, k));
}

ClaimMeasurement make(Options& options) {
  Setting s;
  s.d = options.integer("width", 16, "of queries and keys", 1, 512);
  s.n = options.integer("keys", 256, "and queries", 1, 1 << 14);
  s.m = options.integer("features", 64, "random directions", 1, 1 << 16);
  s.logit_deviation = options.number("logit_deviation", 1, "of q.k", 1e-3, 10);
  s.is_positive =
      options.choice("kind", "positive", {"positive", "trigonometric"}, "of feature") == "positive";
  s.is_orthogonal = options.flag("orthogonal", false, "directions orthogonal in groups of width");
  return {{{"row_error", "mean over queries of the sum of |weight - softmax weight|, at most 2"},
           {"bias", "of the kernel over 10^6 draws, relative"}},
          [=](uint64_t seed) -> std::map<std::string, double> {
            Rng rng(seed, "favor kernel");
            const double error = row_error(s, rng);
            return {{"row_error", error}, {"bias", std::abs(kernel_ratio(s, rng) - 1)}};
          }};
}

}  // namespace

MeasurementInfo favor_kernel() {
  return {"favor_kernel", "Performer's random features against softmax attention", make};
}

}  // namespace longhaul
