// The reverse step of nonlinear_recurrence, whatever solved it: one linear recurrence backwards in
// time with the exact Jacobians at the returned h,
//
//   g_t = dh_t + J_{t+1}^T g_{t+1}      du_t = (df/du)^T g_t      dR_g = sum_t a_{g,t} h_{t-1}^T
//
// where a_{g,t} is the gradient of R_g h_{t-1}. A dense dR is one matrix product over all time.
#include "math/recurrence/reverse.h"

#include <algorithm>
#include <cmath>

#include "math/kernels/gemm.h"
#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"
#include "math/recurrence/sequential.h"

namespace longhaul {
namespace {

// sum += a h^T over the steps of one sequence, for one block: a[t * a_step + i], h[t * h_step + j].
void add_outer(int64_t steps, int64_t block, const float* a, int64_t a_step, const float* h,
               int64_t h_step, float* sum) {
  for (int64_t t = 0; t < steps; ++t) {
    const float *at = a + t * a_step, *ht = h + t * h_step;
    for (int64_t i = 0; i < block; ++i) {
#pragma omp simd
      for (int64_t j = 0; j < block; ++j)
        sum[i * block + j] = std::fma(at[i], ht[j], sum[i * block + j]);
    }
  }
}

// The same where every block is one value: vectorised over the channels.
void add_diagonal(int64_t steps, int64_t N, const float* a, int64_t a_step, const float* h,
                  float* sum) {
  split_columns(N, [=](int64_t begin, int64_t end) {
    for (int64_t t = 0; t < steps; ++t) {
      const float *at = a + t * a_step, *ht = h + t * N;
#pragma omp simd
      for (int64_t n = begin; n < end; ++n) sum[n] = std::fma(at[n], ht[n], sum[n]);
    }
  });
}

void add_recurrent_gradient(const Recurrence& r, const float* a, const float* h, float* dR) {
  const int64_t width = r.G * r.N;
  for (int64_t b = 0; b < r.B && r.T > 1; ++b) {
    const float *after = a + (b * r.T + 1) * width, *before = h + b * r.T * r.N;
    if (r.block == r.N) {
      gemm({.transpose_a = true, .m = width, .n = r.N, .k = r.T - 1, .accumulate = true}, after,
           before, dR);
      continue;
    }
    for (int64_t g = 0; g < r.G; ++g) {
      if (r.block == 1) {
        add_diagonal(r.T - 1, r.N, after + g * r.N, width, before, dR + g * r.N);
        continue;
      }
      split_for(r.N / r.block, 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin * r.block; n < end * r.block; n += r.block)
          add_outer(r.T - 1, r.block, after + g * r.N + n, width, before + n, r.N,
                    dR + (g * r.N + n) * r.block);
      });
    }
  }
}

// The gates of a cifg see p^f c_{t-1} and p^o c_t.
void add_peephole_gradient(const Recurrence& r, const float* a, const float* c, float* dp) {
  split_columns(r.N, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < r.B * r.T; ++row) {
      const float *af = a + row * r.G * r.N, *ao = af + 2 * r.N, *now = c + row * r.N;
      const float* before = row % r.T ? now - r.N : nullptr;
#pragma omp simd
      for (int64_t n = begin; n < end; ++n) dp[r.N + n] = std::fma(ao[n], now[n], dp[r.N + n]);
      if (!before) continue;
#pragma omp simd
      for (int64_t n = begin; n < end; ++n) dp[n] = std::fma(af[n], before[n], dp[n]);
    }
  });
}

}  // namespace

void solve_back(const Recurrence& r, const Solution& s, const float* dh, float* a, float* du) {
  const BlockProduct product(r, true);
  const Tensor zero({r.N});
  const auto row_of = [&](const Tensor& t, int64_t row) {
    return t.defined() ? t.data() + row * r.N : nullptr;
  };
  parallel_for(r.B, group_of(r.B), [&](int64_t begin, int64_t end) {
    const int count = static_cast<int>(end - begin);
    const Tensor through({count, product.vector_stride()});
    const Tensor carried({count, r.N});
    const float* rows[BlockProduct::kGroup];
    for (int64_t t = r.T - 1; t >= 0; --t) {
      for (int i = 0; i < count; ++i) {
        const int64_t row = (begin + i) * r.T + t;
        const CellOutput at{row_of(s.value, row), nullptr, row_of(s.kept, row), r.plane()};
        float* here = a + row * r.G * r.N;
        cell_reverse(r.cell, r.N, at, t ? row_of(s.h, row - 1) : zero.data(),
                     t ? row_of(s.c, row - 1) : zero.data(),
                     {dh + row * r.N, through.data() + i * product.vector_stride(),
                      carried.data() + i * r.N, here, du + row * r.G * r.N},
                     {r.peepholes, r.N});
        rows[i] = here;
      }
      if (t) product.apply(count, rows, through.data());
    }
  });
}

void reverse_recurrence(const Recurrence& r, const Solution& s, const Tensor& u,
                        const Tensor& recurrent, const Tensor& peepholes) {
  const int64_t size = r.G * r.plane();
  const GradTarget du = u.needs_grad() ? u.grad_target() : GradTarget{nullptr, true};
  const bool direct = !du.accumulate;  // may be written in place
  const Tensor own_du = direct ? Tensor() : Tensor::empty({size});
  float* filled = direct ? du.data : own_du.data();
  const Tensor own_a = r.cell == Cell::gru ? Tensor::empty({size}) : Tensor();
  float* a = own_a.defined() ? own_a.data() : filled;
  solve_back(r, s, s.h.grad(), a, filled);
  if (du.data && !direct) {
#pragma omp simd
    for (int64_t i = 0; i < size; ++i) du.data[i] += filled[i];
  }
  if (recurrent.needs_grad()) add_recurrent_gradient(r, a, s.h.data(), recurrent.grad());
  if (peepholes.defined() && peepholes.needs_grad())
    add_peephole_gradient(r, a, s.c.data(), peepholes.grad());
  count_flops(r.product_flops() * (recurrent.needs_grad() ? 2 : 1));
}

}  // namespace longhaul
