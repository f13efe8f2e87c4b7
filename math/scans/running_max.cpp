#include <algorithm>
#include <limits>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/parallel.h"

namespace longhaul {

Tensor running_max(const Tensor& a, const Tensor& b) {
  require(a.rank() == 3 && b.shape() == a.shape(), "running_max: a ", a.shape(), ", b ", b.shape(),
          "; expected [B, T, N] twice");
  const int64_t T = a.dim(1), N = a.dim(2);
  Tensor m = Tensor::empty(a.shape());
  parallel_for(a.dim(0), 1, [&](int64_t s, int64_t) {
    for (int64_t t = 0; t < T; ++t)
      for (int64_t n = 0; n < N; ++n) {
        const int64_t at = (s * T + t) * N + n;
        const float before = t > 0 ? m.data()[at - N] : -std::numeric_limits<float>::infinity();
        m.data()[at] = std::max(a.data()[at] + before, b.data()[at]);
      }
  });
  return m;
}

}  // namespace longhaul
