#include <algorithm>
#include <cmath>

#include "longhaul/batch.h"
#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/ops/losses.h"

namespace longhaul {

Tensor smoothed_cross_entropy(const Tensor& logits, const std::vector<int32_t>& targets,
                              double smoothing, float weight) {
  require(smoothing >= 0 && smoothing <= 1, "smoothed_cross_entropy: smoothing ", smoothing,
          " outside [0, 1]");
  if (smoothing == 0) return cross_entropy(logits, targets, weight);
  const int64_t C = logits.dim(-1);
  const float share = static_cast<float>(smoothing) / static_cast<float>(C);
  // sum_c -log p_c = C log Z - sum_c logit_c
  const Tensor p = softmax(logits);  // as values: no gradient reaches it
  double spread = 0;
  for (std::size_t n = 0; n < targets.size(); ++n) {
    if (targets[n] == kIgnore) continue;
    const float* row = logits.data() + static_cast<int64_t>(n) * C;
    const float top = *std::max_element(row, row + C);
    double total = 0, sum = 0;
    for (int64_t c = 0; c < C; ++c) {
      total += elementary::exp(double{row[c]} - double{top});
      sum += double{row[c]} - double{top};
    }
    spread += static_cast<double>(C) * elementary::log(total) - sum;
  }
  Tensor y(Shape{}, static_cast<float>(spread * double{share} * double{weight}));
  record(y, {logits}, [=, targets = pooled(targets)] {  // dlogits += share (C p - 1)
    const float factor = weight * share * y.grad()[0];
    float* dx = logits.grad();
    for (std::size_t n = 0; n < targets.size(); ++n) {
      if (targets[n] == kIgnore) continue;
      const int64_t at = static_cast<int64_t>(n) * C;
#pragma omp simd
      for (int64_t c = 0; c < C; ++c)
        dx[at + c] += factor * (static_cast<float>(C) * p.data()[at + c] - 1);
    }
  });
  return add(cross_entropy(logits, targets, weight * static_cast<float>(1 - smoothing)), y);
}

}  // namespace longhaul
