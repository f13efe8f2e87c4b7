
#include <vector>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "moving_average.h"

using namespace longhaul;

namespace {

// g_t = dy_t + a .* g_{t+1}:  dx_t = (1 - a) .* g_t,  da = sum_t g_t .* (y_{t-1} - x_t),
// dfirst = a .* g_0. Each gradient is only added to, and only where somebody wants it.
void reverse(const Tensor& a, const Tensor& x, const Tensor& first, const Tensor& y) {
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
  float* da = a.needs_grad() ? a.grad() : nullptr;
  float* dx = x.needs_grad() ? x.grad() : nullptr;
  float* dfirst = first.needs_grad() ? first.grad() : nullptr;
  std::vector<float> g(D);
  for (int64_t b = 0; b < B; ++b) {
    std::fill(g.begin(), g.end(), 0.0f);  // a .* g_{t+1}
    for (int64_t t = T - 1; t >= 0; --t) {
      const int64_t row = (b * T + t) * D;
      const float* before = t > 0 ? y.data() + row - D : first.data() + b * D;
      for (int64_t d = 0; d < D; ++d) {
        const float gt = y.grad()[row + d] + g[d];
        if (da) da[d] += gt * (before[d] - x.data()[row + d]);
        if (dx) dx[row + d] += (1 - a.data()[d]) * gt;
        g[d] = a.data()[d] * gt;
      }
    }
    if (dfirst)
      for (int64_t d = 0; d < D; ++d) dfirst[b * D + d] += g[d];
  }
  count_flops(8 * B * T * D);
}

}  // namespace

Tensor moving_average(const Tensor& a, const Tensor& x, const Tensor& first) {
  require(
      x.rank() == 3 && a.shape() == Shape{x.dim(2)} && first.shape() == Shape{x.dim(0), x.dim(2)},
      "moving_average: a ", a.shape(), ", first ", first.shape(), " for x ", x.shape(),
      ", not [D], [B, D] for [B, T, D]");
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
  Tensor y = Tensor::empty(x.shape());
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < T; ++t) {
      const int64_t row = (b * T + t) * D;
      const float* before = t > 0 ? y.data() + row - D : first.data() + b * D;
      for (int64_t d = 0; d < D; ++d)
        y.data()[row + d] = a.data()[d] * before[d] + (1 - a.data()[d]) * x.data()[row + d];
    }
  count_flops(3 * B * T * D);
  record(y, {a, x, first}, [=] { reverse(a, x, first, y); });
  return y;
}
