// Reductions, softmax and pooling.
#include <algorithm>
#include <cmath>
#include <limits>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/fold.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

void check_lengths(const char* op, const Tensor& x, const Lengths& lengths) {
  require(x.rank() == 3 && x.dim(0) == static_cast<int64_t>(lengths.size()), op, ": ",
          lengths.size(), " lengths for shape ", x.shape(), ", expected [batch, length, width]");
  for (int64_t length : lengths)
    require(0 < length && length <= x.dim(1), op, ": length ", length, " of shape ", x.shape());
}

// x seen as [outer, extent of axis, inner], and its shape without the axis.
struct Axis {
  Axis(const char* op, const Tensor& x, int axis) {
    const int positive = axis < 0 ? axis + x.rank() : axis;
    require(positive >= 0 && positive < x.rank(), op, ": axis ", axis, " of shape ", x.shape());
    extent = x.shape()[positive];
    for (int i = 0; i < x.rank(); ++i) {
      if (i < positive) outer *= x.shape()[i];
      if (i > positive) inner *= x.shape()[i];
      if (i != positive) rest.append(x.shape()[i]);
    }
  }
  int64_t outer = 1, extent = 1, inner = 1;
  Shape rest;
};

// How many of the outer indices are not worth another thread.
int64_t few_sums(const Axis& s) {
  return std::max<int64_t>(kFewValues / std::max<int64_t>(s.extent * s.inner, 1), 1);
}

}  // namespace

Tensor sum(const Tensor& x, int axis) {
  const Axis split("sum", x, axis);
  const int64_t outer = split.outer, extent = split.extent, inner = split.inner;
  Tensor y(split.rest);
  split_for(outer, few_sums(split), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      const float* in = x.data() + o * extent * inner;
      float* out = y.data() + o * inner;
      if (inner == 1) {  // partial sums in lanes: faster, and rounding errors stay small
        *out = sum(in, extent);
      } else {
        for (int64_t e = 0; e < extent; ++e)
          for (int64_t i = 0; i < inner; ++i) out[i] += in[e * inner + i];
      }
    }
  });
  record(y, {x}, [=] {  // dx += dy, repeated along the axis
    const float* dy = y.grad();
    float* dx = x.grad();
    split_for(outer, few_sums(split), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        for (int64_t e = 0; e < extent; ++e)
          for (int64_t i = 0; i < inner; ++i) dx[(o * extent + e) * inner + i] += dy[o * inner + i];
    });
  });
  return y;
}

Tensor mean(const Tensor& x, int axis) {
  return scale(sum(x, axis), 1 / static_cast<float>(std::max<int64_t>(x.dim(axis), 1)));
}

Tensor max(const Tensor& x, int axis) {
  const Axis s("max", x, axis);
  Tensor y = Tensor::empty(s.rest);
  require(s.extent > 0 || y.size() == 0, "max: axis ", axis, " of shape ", x.shape(),
          " has no values");
  PooledVector<int64_t> from(static_cast<std::size_t>(y.size()));  // where each one stands in x
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i = 0; i < s.inner; ++i) {
      int64_t best = o * s.extent * s.inner + i;
      for (int64_t e = 1; e < s.extent; ++e) {
        const int64_t at = (o * s.extent + e) * s.inner + i;
        if (x.data()[at] > x.data()[best]) best = at;
      }
      if (s.extent > 0) y.data()[o * s.inner + i] = x.data()[best];
      from[static_cast<std::size_t>(o * s.inner + i)] = best;
    }
  record(y, {x}, [=, from = std::move(from)] {
    for (std::size_t i = 0; i < from.size(); ++i)
      x.grad()[from[i]] += y.grad()[static_cast<int64_t>(i)];
  });
  return y;
}

Tensor cumsum(const Tensor& x, int axis) {
  const Axis s("cumsum", x, axis);
  Tensor y = Tensor::empty(x.shape());
  for (int64_t o = 0; o < s.outer; ++o)
    for (int64_t i = 0; i < s.inner; ++i) {
      double total = 0;  // exact enough for long axes
      for (int64_t e = 0; e < s.extent; ++e) {
        const int64_t at = (o * s.extent + e) * s.inner + i;
        total += double{x.data()[at]};
        y.data()[at] = static_cast<float>(total);
      }
    }
  record(y, {x}, [=] {  // dx += dy, summed from each index on
    const float* dy = y.grad();
    float* dx = x.grad();
    for (int64_t o = 0; o < s.outer; ++o)
      for (int64_t i = 0; i < s.inner; ++i) {
        double total = 0;
        for (int64_t e = s.extent - 1; e >= 0; --e) {
          const int64_t at = (o * s.extent + e) * s.inner + i;
          total += double{dy[at]};
          dx[at] += static_cast<float>(total);
        }
      }
  });
  return y;
}

Tensor sum_all(const Tensor& x) { return sum(reshape(x, {x.size()}), 0); }

Tensor softmax(const Tensor& x) {
  require(x.rank() >= 1, "softmax: a scalar has no axis");
  const int64_t C = x.dim(-1), rows = C ? x.size() / C : 0;
  Tensor y = Tensor::empty(x.shape());
  split_for(rows, kFewRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* in = x.data() + r * C;
      float* out = y.data() + r * C;
      const float top = *std::max_element(in, in + C);
      const float total = fold(C, [=](float part, int64_t i) {
        out[i] = vmath::exp(in[i] - top);
        return part + out[i];
      });
      for (int64_t i = 0; i < C; ++i) out[i] /= total;
    }
  });
  record(y, {x}, [=] {  // dx += y (dy - <dy, y>)
    float* dx = x.grad();
    split_for(rows, kFewRows, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float *p = y.data() + r * C, *dy = y.grad() + r * C;
        const float along = dot(dy, p, C);
        for (int64_t i = 0; i < C; ++i)
          dx[r * C + i] = std::fma(p[i], dy[i] - along, dx[r * C + i]);
      }
    });
  });
  return y;
}

Tensor pool_mean(const Tensor& x, const Lengths& lengths) {
  check_lengths("pool_mean", x, lengths);
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
  Tensor y(Shape{B, D});
  for (int64_t b = 0; b < B; ++b) {
    float* out = y.data() + b * D;
    split_columns(D, [&](int64_t begin, int64_t end) {
      for (int64_t t = 0; t < lengths[b]; ++t)
        for (int64_t d = begin; d < end; ++d) out[d] += x.data()[(b * T + t) * D + d];
    });
    for (int64_t d = 0; d < D; ++d) out[d] /= static_cast<float>(lengths[b]);
  }
  record(y, {x}, [=, lengths = pooled(lengths)] {  // dx_t += dy / length
    float* dx = x.grad();
    for (int64_t b = 0; b < B; ++b) {
      const float* dy = y.grad() + b * D;
      const float share = 1 / static_cast<float>(lengths[b]);
      split_for(lengths[b], kFewRows, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; ++t)
          for (int64_t d = 0; d < D; ++d)
            dx[(b * T + t) * D + d] = std::fma(share, dy[d], dx[(b * T + t) * D + d]);
      });
    }
  });
  return y;
}

Tensor pool_last(const Tensor& x, const Lengths& lengths) {
  check_lengths("pool_last", x, lengths);
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
  Tensor y = Tensor::empty({B, D});
  for (int64_t b = 0; b < B; ++b)
    std::copy_n(x.data() + (b * T + lengths[b] - 1) * D, D, y.data() + b * D);
  record(y, {x}, [=, lengths = pooled(lengths)] {
    float* dx = x.grad();
    for (int64_t b = 0; b < B; ++b)
      for (int64_t d = 0; d < D; ++d) dx[(b * T + lengths[b] - 1) * D + d] += y.grad()[b * D + d];
  });
  return y;
}

Tensor cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets, float weight) {
  require(logits.rank() == 2 && logits.dim(0) == static_cast<int64_t>(targets.size()),
          "cross_entropy: ", targets.size(), " targets for logits ", logits.shape());
  const int64_t N = logits.dim(0), C = logits.dim(1);
  for (int32_t target : targets)
    require(target == kIgnore || (target >= 0 && target < C), "cross_entropy: target ", target,
            " outside [0, ", C, ")");
  Tensor log_total(Shape{N});  // log sum exp of each scored row, for the reverse step
  double loss = 0;             // a sum over many rows
  split_for(N, kFewRows, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      if (targets[n] == kIgnore) continue;
      const float* row = logits.data() + n * C;
      const float top = *std::max_element(row, row + C);
      const float total =
          fold(C, [=](float part, int64_t c) { return part + vmath::exp(row[c] - top); });
      log_total.data()[n] = top + vmath::log(total);
    }
  });
  for (int64_t n = 0; n < N; ++n)
    if (targets[n] != kIgnore) loss += log_total.data()[n] - logits.data()[n * C + targets[n]];
  Tensor y(Shape{}, static_cast<float>(loss * weight));
  record(y, {logits}, [=, targets = pooled(targets)] {  // dlogits += weight dy (softmax - onehot)
    const float factor = weight * y.grad()[0];
    const auto [dx, accumulate] = logits.grad_target();
    if (!accumulate) std::fill_n(dx, N * C, 0.0f);
    split_for(N, kFewRows, [&, dx = dx](int64_t begin, int64_t end) {
      for (int64_t n = begin; n < end; ++n) {
        if (targets[n] == kIgnore) continue;
        const float* row = logits.data() + n * C;
        float* out = dx + n * C;
        const float shift = log_total.data()[n];
#pragma omp simd
        for (int64_t c = 0; c < C; ++c)
          out[c] = std::fma(factor, vmath::exp(row[c] - shift), out[c]);
        out[targets[n]] -= factor;
      }
    });
  });
  return y;
}

}  // namespace longhaul
