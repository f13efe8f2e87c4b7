#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"

namespace longhaul {

Tensor pool_max(const Tensor& x, const Lengths& lengths) {
  require(x.rank() == 3 && x.dim(0) == static_cast<int64_t>(lengths.size()),
          "pool_max: ", lengths.size(), " lengths for shape ", x.shape(),
          ", expected [batch, length, width]");
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2);
  Tensor y = Tensor::empty({B, D});
  PooledVector<int64_t> from(static_cast<std::size_t>(B * D));  // where each one stands in x
  for (int64_t b = 0; b < B; ++b) {
    require(0 < lengths[b] && lengths[b] <= T, "pool_max: length ", lengths[b], " of shape ",
            x.shape());
    for (int64_t d = 0; d < D; ++d) {
      int64_t best = b * T * D + d;
      for (int64_t t = 1; t < lengths[b]; ++t) {
        const int64_t at = (b * T + t) * D + d;
        if (x.data()[at] > x.data()[best]) best = at;
      }
      from[b * D + d] = best;
      y.data()[b * D + d] = x.data()[best];
    }
  }
  record(y, {x}, [=, from = std::move(from)] {
    for (std::size_t i = 0; i < from.size(); ++i) x.grad()[from[i]] += y.grad()[i];
  });
  return y;
}

}  // namespace longhaul
