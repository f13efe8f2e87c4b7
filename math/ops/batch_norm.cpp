#include <cmath>
#include <vector>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"

namespace longhaul {
namespace {

// [a x + b] with the running mean and variance.
Tensor running(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& statistics,
               float epsilon) {
  const int64_t D = gain.dim(0);
  Tensor mean = Tensor::empty({D}), inverse = Tensor::empty({D});
  for (int64_t d = 0; d < D; ++d) {
    mean.data()[d] = statistics.data()[d];
    inverse.data()[d] = 1 / std::sqrt(statistics.data()[D + d] + epsilon);
  }
  return (x - mean) * (inverse * gain) + bias;
}

using Sums = PooledVector<double>;  // one a channel

// Adds term(value of x, channel, place) of every real position to its channel.
template <class Term>
Sums sum_by_channel(const Tensor& x, const PooledVector<int64_t>& lengths, Term term) {
  const int64_t T = x.dim(1), D = x.dim(2);
  Sums sums(static_cast<std::size_t>(D));
  for (std::size_t b = 0; b < lengths.size(); ++b)
    for (int64_t t = 0; t < lengths[b]; ++t) {
      const int64_t row = (static_cast<int64_t>(b) * T + t) * D;
      for (int64_t d = 0; d < D; ++d) sums[d] += term(d, row + d);
    }
  return sums;
}

}  // namespace

Tensor batch_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, const Tensor& statistics,
                  const Lengths& lengths, bool in_training, float epsilon) {
  const int64_t D = gain.dim(0);
  require(x.rank() >= 1 && x.dim(-1) == D && bias.shape() == gain.shape() &&
              statistics.size() == 2 * D + 1,
          "batch_norm: gain ", gain.shape(), ", bias ", bias.shape(), " and statistics ",
          statistics.shape(), " for shape ", x.shape());
  if (!in_training) return running(x, gain, bias, statistics, epsilon);
  require(x.rank() == 3 && x.dim(0) == static_cast<int64_t>(lengths.size()),
          "batch_norm: ", lengths.size(), " lengths for shape ", x.shape(),
          ", expected [batch, length, width]");

  const PooledVector<int64_t> ends = pooled(lengths);
  const float* in = x.data();
  double count = 0;
  for (const int64_t length : ends) count += static_cast<double>(length);
  const Sums total = sum_by_channel(x, ends, [=](int64_t, int64_t at) { return double{in[at]}; });
  const Sums off = sum_by_channel(x, ends, [&](int64_t d, int64_t at) {
    const double from_mean = double{in[at]} - total[d] / count;
    return from_mean * from_mean;
  });
  Tensor mean = Tensor::empty({D}), inverse = Tensor::empty({D});
  for (int64_t d = 0; d < D; ++d) {
    mean.data()[d] = static_cast<float>(total[d] / count);
    inverse.data()[d] = static_cast<float>(1 / std::sqrt(off[d] / count + double{epsilon}));
  }
  Tensor y = Tensor::empty(x.shape());
  for (int64_t row = 0; row < x.size(); row += D)
#pragma omp simd
    for (int64_t d = 0; d < D; ++d)
      y.data()[row + d] =
          (in[row + d] - mean.data()[d]) * inverse.data()[d] * gain.data()[d] + bias.data()[d];

  // n = (x - mean) / s;  dx += g (dy - mean(dy) - n mean(dy n)) / s;  dg += sum dy n, db += sum dy
  record(y, {x, gain, bias, statistics}, [=] {
    const float *dy = y.grad(), *values = x.data();
    const auto n = [&](int64_t d, int64_t at) {
      return (values[at] - mean.data()[d]) * inverse.data()[d];
    };
    const Sums plain = sum_by_channel(x, ends, [&](int64_t, int64_t at) { return double{dy[at]}; });
    const Sums along = sum_by_channel(
        x, ends, [&](int64_t d, int64_t at) { return double{dy[at]} * double{n(d, at)}; });
    float* sums = statistics.grad();
    for (int64_t d = 0; d < D; ++d) {
      if (gain.needs_grad()) gain.grad()[d] += static_cast<float>(along[d]);
      if (bias.needs_grad()) bias.grad()[d] += static_cast<float>(plain[d]);
      sums[d] += static_cast<float>(total[d]);
      sums[D + d] += static_cast<float>(off[d] + total[d] * total[d] / count);
    }
    sums[2 * D] += static_cast<float>(count);
    if (!x.needs_grad()) return;
    float* dx = x.grad();
    const int64_t T = x.dim(1);
    for (std::size_t b = 0; b < ends.size(); ++b)
      for (int64_t t = 0; t < ends[b]; ++t)
        for (int64_t d = 0; d < D; ++d) {
          const int64_t at = (static_cast<int64_t>(b) * T + t) * D + d;
          dx[at] += gain.data()[d] * inverse.data()[d] *
                    (dy[at] - static_cast<float>(plain[d] / count) -
                     n(d, at) * static_cast<float>(along[d] / count));
        }
  });
  return y;
}

}  // namespace longhaul
