#include "harness/train/attention_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "math/kernels/symmetric_eigenvalues.h"

namespace longhaul {
namespace {

struct Mean {
  double sum = 0, squares = 0;
  int64_t count = 0;

  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double value() const { return sum / static_cast<double>(count); }  // not a number of none
  double deviation() const {
    const double mean = value();
    return std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
  }
};

void add_row(const float* weights, int64_t length, int64_t query, Mean& concentration,
             Mean& distance, Mean& first_share) {
  double sum = 0, squares = 0, moved = 0;
  int64_t seen = 0;
  for (int64_t j = 0; j < length; ++j) {
    if (std::isnan(weights[j])) continue;
    const double a = std::abs(double{weights[j]});
    ++seen;
    sum += a;
    squares += a * a;
    moved += a * static_cast<double>(std::abs(query - j));
  }
  if (seen < 2 || !(squares > 0)) return;
  concentration.add(sum / std::sqrt(static_cast<double>(seen) * squares));
  distance.add(moved / sum);
  if (!std::isnan(weights[0])) first_share.add(std::abs(double{weights[0]}) / sum);
}

// Of rows [n, length], of which weights that are not a number are 0.
double effective_rank(const float* rows, int64_t n, int64_t length) {
  std::vector<double> gram(static_cast<std::size_t>(n * n));
  for (int64_t p = 0; p < n; ++p)
    for (int64_t q = p; q < n; ++q) {
      double product = 0;
      for (int64_t j = 0; j < length; ++j) {
        const double pair = double{rows[p * length + j]} * rows[q * length + j];
        if (!std::isnan(pair)) product += pair;
      }
      gram[p * n + q] = gram[q * n + p] = product;
    }
  double total = 0, entropy = 0;
  std::vector<double> singular;
  for (const double value : symmetric_eigenvalues(std::move(gram), n)) {
    singular.push_back(std::sqrt(std::max(0.0, value)));
    total += singular.back();
  }
  for (const double value : singular)
    if (value > 0) entropy -= value / total * std::log(value / total);
  return total > 0 ? std::exp(entropy) : 0;
}

}  // namespace

AttentionNumbers attention_numbers(const AttentionRows& rows, const std::vector<int64_t>& queries) {
  Mean concentration, distance, first_share, rank, cosine;
  const int64_t N = rows.weights.dim(2), T = rows.weights.dim(3);
  for (int64_t row = 0; row < rows.weights.size() / T; ++row)
    add_row(rows.weights.data() + row * T, T, queries[row % N], concentration, distance,
            first_share);
  for (int64_t matrix = 0; matrix < rows.weights.size() / (N * T); ++matrix) {
    const double own = effective_rank(rows.weights.data() + matrix * N * T, N, T);
    if (own > 0) rank.add(own);
  }
  for (int64_t i = 0; i < rows.cosines.size(); ++i)
    if (!std::isnan(rows.cosines.data()[i])) cosine.add(rows.cosines.data()[i]);
  return {concentration.value(), distance.value(), first_share.value(),
          rank.value(),          cosine.value(),   cosine.deviation()};
}

}  // namespace longhaul
