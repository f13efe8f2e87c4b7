// Norms, embedding, dropout, the short convolution and rotary positions.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/gradient.h"
#include "math/kernels/fold.h"
#include "math/memory.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

void check_gain(const char* op, const Tensor& x, const Tensor& gain) {
  require(x.rank() >= 1 && gain.rank() == 1 && gain.dim(0) == x.dim(-1), op, ": gain ",
          gain.shape(), " for shape ", x.shape());
}

template <class Row>
void for_rows(int64_t rows, Row row) {
  split_for(rows, kFewRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) row(r);
  });
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& gain, const Tensor& bias, float epsilon) {
  check_gain("layer_norm", x, gain);
  if (bias.defined()) check_gain("layer_norm", x, bias);
  const int64_t D = x.dim(-1), rows = D ? x.size() / D : 0;
  Tensor y = Tensor::empty(x.shape());
  Tensor moments = Tensor::empty({rows, 2});  // mean and 1 / std_dev of each row
  for_rows(rows, [&](int64_t r) {
    const float* in = x.data() + r * D;
    float* out = y.data() + r * D;
    const float mean = sum(in, D) / static_cast<float>(D);
    const float squares =
        fold(D, [=](float part, int64_t i) { return std::fma(in[i] - mean, in[i] - mean, part); });
    const float inverse = 1 / std::sqrt(squares / static_cast<float>(D) + epsilon);
    moments.data()[2 * r] = mean;
    moments.data()[2 * r + 1] = inverse;
    const float* g = gain.data();
    const float* c = bias.defined() ? bias.data() : nullptr;
#pragma omp simd
    for (int64_t i = 0; i < D; ++i)
      out[i] = std::fma((in[i] - mean) * inverse, g[i], c ? c[i] : 0.0f);
  });
  record(y, {x, gain, bias}, [=] {
    // n = (x - mean) / s;  dn = dy g;  dx += (dn - mean(dn) - n mean(dn n)) / s;  dg += dy n
    const GradTarget dx = target_of(x);
    float* dg = gain.needs_grad() ? gain.grad() : nullptr;
    float* dc = bias.defined() && bias.needs_grad() ? bias.grad() : nullptr;
    const auto row = [&](int64_t r) {
      if (!dx.data) return;
      const float *in = x.data() + r * D, *dy = y.grad() + r * D, *g = gain.data();
      const float mean = moments.data()[2 * r], inverse = moments.data()[2 * r + 1];
      const float a = dot(dy, g, D) / static_cast<float>(D);
      const float b = inverse / static_cast<float>(D) * fold(D, [=](float part, int64_t i) {
                        return std::fma(dy[i] * g[i], in[i] - mean, part);
                      });
#pragma omp simd
      for (int64_t i = 0; i < D; ++i)
        dx.data[r * D + i] =
            std::fma(inverse, std::fma((mean - in[i]) * inverse, b, std::fma(dy[i], g[i], -a)),
                     before(dx, r * D + i));
    };
    rows_and_columns(rows, D, row, [&](int64_t r, int64_t begin, int64_t end) {
      const float *in = x.data() + r * D, *dy = y.grad() + r * D;
      const float mean = moments.data()[2 * r], inverse = moments.data()[2 * r + 1];
      if (dg) {
#pragma omp simd
        for (int64_t i = begin; i < end; ++i)
          dg[i] = std::fma(dy[i] * inverse, in[i] - mean, dg[i]);
      }
      if (dc) {
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) dc[i] += dy[i];
      }
    });
  });
  return y;
}

Tensor rms_norm(const Tensor& x, const Tensor& gain, float epsilon) {
  check_gain("rms_norm", x, gain);
  const int64_t D = x.dim(-1), rows = D ? x.size() / D : 0;
  Tensor y = Tensor::empty(x.shape());
  Tensor inverses = Tensor::empty({rows});  // 1 / root mean square of each row
  for_rows(rows, [&](int64_t r) {
    const float *in = x.data() + r * D, *g = gain.data();
    float* out = y.data() + r * D;
    const float inverse = 1 / std::sqrt(dot(in, in, D) / static_cast<float>(D) + epsilon);
    inverses.data()[r] = inverse;
#pragma omp simd
    for (int64_t i = 0; i < D; ++i) out[i] = in[i] * inverse * g[i];
  });
  record(y, {x, gain}, [=] {  // n = x / s;  dn = dy g;  dx += (dn - n mean(dn n)) / s;  dg += dy n
    const GradTarget dx = target_of(x);
    float* dg = gain.needs_grad() ? gain.grad() : nullptr;
    const auto row = [&](int64_t r) {
      if (!dx.data) return;
      const float *in = x.data() + r * D, *dy = y.grad() + r * D, *g = gain.data();
      const float inverse = inverses.data()[r];
      const float along =
          inverse * inverse / static_cast<float>(D) *
          fold(D, [=](float part, int64_t i) { return std::fma(dy[i] * g[i], in[i], part); });
#pragma omp simd
      for (int64_t i = 0; i < D; ++i)
        dx.data[r * D + i] =
            std::fma(inverse, std::fma(-in[i], along, dy[i] * g[i]), before(dx, r * D + i));
    };
    rows_and_columns(rows, D, row, [&](int64_t r, int64_t begin, int64_t end) {
      if (!dg) return;
      const float *in = x.data() + r * D, *dy = y.grad() + r * D, inverse = inverses.data()[r];
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) dg[i] = std::fma(dy[i] * inverse, in[i], dg[i]);
    });
  });
  return y;
}

Tensor embedding(const Tensor& table, const std::vector<int32_t>& ids, const Shape& shape) {
  require(table.rank() == 2, "embedding: table ", table.shape(), ", expected [vocabulary, width]");
  require(shape.size() == static_cast<int64_t>(ids.size()), "embedding: ", ids.size(),
          " ids for shape ", shape);
  const int64_t V = table.dim(0), D = table.dim(1);
  Shape out = shape;
  out.append(D);
  Tensor y = Tensor::empty(out);
  for_rows(shape.size(), [&](int64_t i) {
    require(ids[i] >= 0 && ids[i] < V, "embedding: id ", ids[i], " outside [0, ", V, ")");
    std::copy_n(table.data() + ids[i] * D, D, y.data() + i * D);
  });
  record(y, {table}, [=, ids = pooled(ids)] {  // dtable[id] += dy
    const float* dy = y.grad();
    float* dt = table.grad();
    const auto rows = static_cast<int64_t>(ids.size());
    split_columns(D, [&](int64_t begin, int64_t end) {
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t d = begin; d < end; ++d) dt[ids[i] * D + d] += dy[i * D + d];
    });
  });
  return y;
}

Tensor dropout(const Tensor& x, double p, Rng rng) {
  require(p >= 0 && p < 1, "dropout: probability ", p, " outside [0, 1)");
  if (p == 0) return x;
  Tensor mask = Tensor::empty(x.shape());
  const auto keep = static_cast<float>(1 / (1 - p));
  for (int64_t i = 0; i < x.size(); ++i) mask.data()[i] = rng.uniform_float() < p ? 0.0f : keep;
  return mul(x, mask);
}

Tensor causal_conv(const Tensor& x, const Tensor& w) {
  require(x.rank() == 3 && w.rank() == 2 && w.dim(1) == x.dim(2), "causal_conv: ", x.shape(),
          " with taps ", w.shape());
  const int64_t B = x.dim(0), T = x.dim(1), D = x.dim(2), K = w.dim(0);
  Tensor y(x.shape());
  count_flops(2 * B * T * D * K);
  for_rows(B * T, [&](int64_t r) {
    float* out = y.data() + r * D;
    for (int64_t j = 0; j < std::min(K, r % T + 1); ++j) {
      const float *in = x.data() + (r - j) * D, *tap = w.data() + j * D;
#pragma omp simd
      for (int64_t d = 0; d < D; ++d) out[d] = std::fma(tap[d], in[d], out[d]);
    }
  });
  record(y, {x, w}, [=] {  // dx_{t-j} += w_j dy_t;  dw_j += sum_t x_{t-j} dy_t
    float* dx = x.needs_grad() ? x.grad() : nullptr;
    float* dw = w.needs_grad() ? w.grad() : nullptr;
    count_flops(2 * ((dx != nullptr) + (dw != nullptr)) * B * T * D * K);
    split_columns(D, [&](int64_t begin, int64_t end) {
      for (int64_t r = 0; r < B * T; ++r) {
        const float* dy = y.grad() + r * D;
        for (int64_t j = 0; j < std::min(K, r % T + 1); ++j) {
          const int64_t at = (r - j) * D;
          const float *in = x.data() + at, *tap = w.data() + j * D;
          if (dx) {
            float* din = dx + at;
#pragma omp simd
            for (int64_t d = begin; d < end; ++d) din[d] = std::fma(tap[d], dy[d], din[d]);
          }
          if (dw) {
            float* dtap = dw + j * D;
#pragma omp simd
            for (int64_t d = begin; d < end; ++d) dtap[d] = std::fma(in[d], dy[d], dtap[d]);
          }
        }
      }
    });
  });
  return y;
}

}  // namespace longhaul
