#include <algorithm>
#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "support/elementary.h"

namespace longhaul {
namespace {

// [2, d/2]: cosines, then sines, of a position, times `sizes`.
void turn_of(const RotarySpec& spec, double position, const double* sizes, float* turn) {
  const auto half = static_cast<int64_t>(spec.frequencies.size());
  const double* frequencies = spec.frequencies.data();
  double farthest = 0;
  for (int64_t i = 0; i < half; ++i)
    farthest = std::max(farthest, std::abs(position * frequencies[i]));
  if (farthest <= elementary::kFarthest) {
#pragma omp simd
    for (int64_t i = 0; i < half; ++i) {
      const auto [sine, cosine] = elementary::sine_and_cosine(position * frequencies[i]);
      turn[i] = static_cast<float>(sizes[i] * cosine);
      turn[half + i] = static_cast<float>(sizes[i] * sine);
    }
  } else {
    for (int64_t i = 0; i < half; ++i) {
      turn[i] = static_cast<float>(sizes[i] * elementary::cos(position * frequencies[i]));
      turn[half + i] = static_cast<float>(sizes[i] * elementary::sin(position * frequencies[i]));
    }
  }
}

// [T, 2, d/2]: those of each position, times its growth.
Tensor turns(const RotarySpec& spec, int64_t T) {
  const auto half = static_cast<int64_t>(spec.frequencies.size());
  Tensor turn = Tensor::empty({T, 2, half});
  split_for(T, kFewRows, [&](int64_t begin, int64_t end) {
    PooledVector<double> sizes(half, 1.0);
    for (int64_t t = begin; t < end; ++t) {
      const double position = spec.first + spec.step * static_cast<double>(t);
      for (std::size_t i = 0; i < spec.growth.size(); ++i)
        sizes[i] = elementary::exp(position * spec.growth[i]);
      turn_of(spec, position, sizes.data(), turn.data() + 2 * t * half);
    }
  });
  return turn;
}

// Turns every pair of every head of in [B, T, D] by the position's angle times `sign`, adding to
// `out`.
void rotate(const Shape& shape, int64_t heads, const Tensor& turn, const float* in, float* out,
            float sign) {
  const int64_t B = shape[0], T = shape[1], D = shape[2], half = D / heads / 2;
  split_for(B * T, kFewRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float *c = turn.data() + 2 * (row % T) * half, *s = c + half;
      for (int64_t h = 0; h < heads; ++h) {
        const int64_t at = row * D + h * 2 * half;
        const float *low = in + at, *high = low + half;
        float *out_low = out + at, *out_high = out_low + half;
#pragma omp simd
        for (int64_t i = 0; i < half; ++i) {
          out_low[i] += std::fma(low[i], c[i], -sign * high[i] * s[i]);
          out_high[i] += std::fma(high[i], c[i], sign * low[i] * s[i]);
        }
      }
    }
  });
}

}  // namespace

Tensor rotary(const Tensor& x, const RotarySpec& spec) {
  const auto half = static_cast<int64_t>(spec.frequencies.size());
  require(x.rank() == 3 && spec.heads > 0 && x.dim(2) == 2 * spec.heads * half,
          "rotary: ", spec.heads, " heads with ", half, " frequencies for shape ", x.shape());
  require(spec.growth.empty() || spec.growth.size() == spec.frequencies.size(),
          "rotary: ", spec.growth.size(), " growths for ", half, " frequencies");
  const Tensor turn = turns(spec, x.dim(1));
  const int64_t heads = spec.heads;
  Tensor y(x.shape());
  rotate(x.shape(), heads, turn, x.data(), y.data(), 1);
  // The transpose of a rotation turns back.
  record(y, {x}, [=] { rotate(x.shape(), heads, turn, y.grad(), x.grad(), -1); });
  return y;
}

Tensor rope(const Tensor& x, int64_t heads, double base, int64_t first) {
  require(x.rank() == 3 && heads > 0 && x.dim(2) % (2 * heads) == 0, "rope: ", heads,
          " heads of even width for shape ", x.shape());
  const int64_t half = x.dim(2) / heads / 2;
  PooledVector<double> frequencies(half);
  for (int64_t i = 0; i < half; ++i)
    frequencies[i] = elementary::pow(base, -static_cast<double>(i) / static_cast<double>(half));
  return rotary(x,
                {.heads = heads, .frequencies = frequencies, .first = static_cast<double>(first)});
}

}  // namespace longhaul
