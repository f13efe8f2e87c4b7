// The size of softmax's Jacobian as a function of the scale of its inputs (kexue.fm/archives/9812).
//
// p = softmax(alpha s) has dp_i/ds_j = alpha (p_i [i = j] - p_i p_j). Half the sum of the absolute
// entries is G(alpha) = alpha (1 - sum_i p_i^2): every row i has the diagonal alpha p_i (1 - p_i)
// and as much again off it. For s ~ N(0, 1), which is q.k / sqrt(d) at initialisation, alpha counts
// in units of 1/sqrt(d). The source replaces sum p^2 by E[e^(2 alpha s)] / (n E[e^(alpha s)]^2) =
// e^(alpha^2) / n, whose maximum solves e^(a^2) (1 + 2 a^2) = n. Here G is also computed as it is,
// on rows of n draws.
#include <algorithm>
#include <cmath>

#include "harness/claims/measurement.h"
#include "longhaul/rng.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

constexpr double kStep = 0.25, kLargest = 20;  // the grid of alpha

std::vector<double> softmax(const std::vector<double>& s, double alpha) {
  const double top = *std::max_element(s.begin(), s.end());
  std::vector<double> p;
  double sum = 0;
  for (const double x : s) {
    p.push_back(std::exp(alpha * (x - top)));
    sum += p.back();
  }
  for (double& x : p) x /= sum;
  return p;
}

double gradient_size(const std::vector<double>& s, double alpha) {
  double squares = 0;
  for (const double p : softmax(s, alpha)) squares += p * p;
  return alpha * (1 - squares);
}

// The same from the Jacobian's entries.
double half_entry_sum(const std::vector<double>& s, double alpha) {
  const std::vector<double> p = softmax(s, alpha);
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = 0; j < p.size(); ++j)
      sum += std::abs(alpha * (p[i] * (i == j) - p[i] * p[j]));
  return sum / 2;
}

// Where `slope`, positive first, changes its sign.
template <class Slope>
double bisect(double low, double high, Slope slope) {
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (slope(middle) > 0 ? low : high) = middle;
  }
  return low;
}

double annealed_best(double n) {
  return bisect(0, 10, [n](double a) { return n - std::exp(a * a) * (1 + 2 * a * a); });
}

// For cosines of random directions in d dimensions, density ~ (1 - s^2)^((d-3)/2), by quadrature.
double annealed_gradient_of_cosine(double alpha, double n, int64_t d) {
  constexpr int kPoints = 2000;
  double mass = 0, first = 0, second = 0;
  for (int i = 0; i < kPoints; ++i) {
    const double s = -1 + 2 * (i + 0.5) / kPoints;
    const double weight = std::pow(1 - s * s, (static_cast<double>(d) - 3) / 2);
    mass += weight;
    first += weight * std::exp(alpha * (s - 1));
    second += weight * std::exp(2 * alpha * (s - 1));
  }
  return alpha * (1 - second * mass / (n * first * first));
}

double annealed_best_of_cosine(double n, int64_t d) {
  constexpr double kDelta = 1e-3;
  return bisect(0.1, 100, [&](double alpha) {
    return annealed_gradient_of_cosine(alpha + kDelta, n, d) -
           annealed_gradient_of_cosine(alpha - kDelta, n, d);
  });
}

std::vector<std::vector<double>> draw_rows(int64_t rows, int64_t n, uint64_t seed) {
  std::vector<std::vector<double>> s;
  for (int64_t row = 0; row < rows; ++row) {
    Rng rng(seed, "attention scale", static_cast<uint64_t>(row));
    std::vector<double>& own = s.emplace_back();
    for (int64_t i = 0; i < n; ++i) own.push_back(rng.normal());
  }
  return s;
}

struct Peak {
  double best = 0, value = 0;
  void admit(double alpha, double size) {
    if (size <= value) return;
    best = alpha;
    value = size;
  }
};

std::map<std::string, double> run(int64_t n, int64_t d, int64_t rows, uint64_t seed) {
  const auto s = draw_rows(rows, n, seed);
  const auto sizes = [&](double alpha) {
    std::vector<double> all;
    for (const auto& row : s) all.push_back(gradient_size(row, alpha));
    return all;
  };
  Peak median_row, mean_row;
  for (double alpha = kStep; alpha <= kLargest; alpha += kStep) {
    const std::vector<double> all = sizes(alpha);
    median_row.admit(alpha, median(all));
    mean_row.admit(alpha, describe(all).mean);
  }
  const std::vector<double> some(s[0].begin(), s[0].begin() + std::min<int64_t>(n, 64));
  const double at_1 = describe(sizes(1)).mean, at_best = annealed_best(static_cast<double>(n));
  const double unscaled = std::sqrt(static_cast<double>(d));
  return {
      {"annealed_best", at_best},
      {"annealed_best_cosine", annealed_best_of_cosine(static_cast<double>(n), d)},
      {"gain_of_2.5", describe(sizes(2.5)).mean / at_1},
      {"gradient_at_annealed_best", describe(sizes(at_best)).mean},
      {"median_best", median_row.best},
      {"median_gradient_at_best", median_row.value},
      {"mean_best", mean_row.best},
      {"mean_gradient_unscaled", describe(sizes(unscaled)).mean},
      {"median_gradient_unscaled", median(sizes(unscaled))},
      {"gradient_at_0", describe(sizes(0)).mean},
      {"identity_error", std::abs(half_entry_sum(some, 2.5) - gradient_size(some, 2.5))},
  };
}

ClaimMeasurement make(Options& options) {
  const int64_t n = options.integer("keys", 512, "that a query sees", 2, 1 << 16);
  const int64_t d = options.integer("width", 64, "of a head", 4, 4096);
  const int64_t rows = options.integer("rows", 200, "queries", 1, 100000);
  return {{{"annealed_best", "alpha where the source's estimate of G is largest"},
           {"annealed_best_cosine", "the same for cosines in `width` dimensions"},
           {"gain_of_2.5", "mean G(2.5) / G(1)"},
           {"gradient_at_annealed_best", "mean G there"},
           {"median_best", "alpha, up to 20, where the median row's G is largest"},
           {"median_gradient_at_best", "G there"},
           {"mean_best", "alpha, up to 20, where the mean of G is largest"},
           {"mean_gradient_unscaled", "mean G at alpha = sqrt(width): no division"},
           {"median_gradient_unscaled", "median G there"},
           {"gradient_at_0", "G(0)"},
           {"identity_error", "of G against the Jacobian's entries, 64 keys"}},
          [=](uint64_t seed) { return run(n, d, rows, seed); }};
}

}  // namespace

MeasurementInfo attention_scale() {
  return {"attention_scale", "the gradient of softmax by the scale of its inputs", make};
}

}  // namespace longhaul
