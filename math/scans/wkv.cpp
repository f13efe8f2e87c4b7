// The weighted mean of RWKV-4. Instead of the two sums, which overflow, a channel carries their
// quotient m = S / Z and l = log Z. With the shares that the present value takes,
//
//   p = sigmoid(u + k_t - l)        y_t = m + p (v_t - m)
//   q = sigmoid(k_t - l + w)        m'  = m + q (v_t - m)      l' = l - w + softplus(k_t - l + w)
//
// and y_0 = v_0, m' = v_0, l' = k_0 at the first position. Reverse, with gm, gl the gradients of m'
// and l' from the positions after t:
//
//   a = dy_t (v_t - m) p (1 - p)    c = gm (v_t - m) q (1 - q) + gl q
//   dv_t = dy_t p + gm q            dk_t = a + c
//   du += a                         dw += c - gl
//   gm <- dy_t (1 - p) + gm (1 - q)     gl <- gl - a - c
//
// m and l of every position are kept for the reverse step.
#include <algorithm>
#include <cmath>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kBlock = 64;  // channels that one task takes at most

// Channels [first, first + width) of one sequence.
struct Part {
  int64_t b, first, width;
};

// Calls body(part) for all parts of [B, T, N]; part i is the i-th of its sequence.
template <class Body>
void for_parts(int64_t B, int64_t N, Body body) {
  const int64_t block = has_threads() ? kBlock / 4 : kBlock, parts = (N + block - 1) / block;
  parallel_for(B * parts, 1, [&](int64_t item, int64_t) {
    const int64_t first = item % parts * block;
    body(Part{item / parts, first, std::min(block, N - first)});
  });
}

struct Forward {
  int64_t T, N;
  const float *w, *u, *k, *v;
  float *y, *m, *l;  // m, l: after each position
};

void forward_part(const Forward& f, const Part& part) {
  const float *w = f.w + part.first, *u = f.u + part.first;
  for (int64_t t = 0; t < f.T; ++t) {
    const int64_t at = (part.b * f.T + t) * f.N + part.first;
    const float *k = f.k + at, *v = f.v + at;
    float *y = f.y + at, *m = f.m + at, *l = f.l + at;
    if (t == 0) {
      std::copy_n(v, part.width, y);
      std::copy_n(v, part.width, m);
      std::copy_n(k, part.width, l);
      continue;
    }
    const float *m0 = m - f.N, *l0 = l - f.N;
#pragma omp simd
    for (int64_t n = 0; n < part.width; ++n) {
      const float ahead = k[n] - l0[n], difference = v[n] - m0[n];
      y[n] = std::fma(vmath::sigmoid(u[n] + ahead), difference, m0[n]);
      m[n] = std::fma(vmath::sigmoid(ahead + w[n]), difference, m0[n]);
      l[n] = l0[n] - w[n] + vmath::softplus(ahead + w[n]);
    }
  }
}

struct Reverse {
  int64_t T, N;
  const float *w, *u, *k, *v, *m, *l, *dy;
  float *dk, *dv, *dw, *du;  // added to; dw, du: this sequence's share
};

void reverse_part(const Reverse& r, const Part& part) {
  const float *w = r.w + part.first, *u = r.u + part.first;
  float *dw = r.dw + part.b * r.N + part.first, *du = r.du + part.b * r.N + part.first;
  float gm[kBlock] = {}, gl[kBlock] = {};
  for (int64_t t = r.T - 1; t >= 0; --t) {
    const int64_t at = (part.b * r.T + t) * r.N + part.first;
    const float *k = r.k + at, *v = r.v + at, *dy = r.dy + at;
    float *dk = r.dk + at, *dv = r.dv + at;
    if (t == 0) {
      for (int64_t n = 0; n < part.width; ++n) {
        dv[n] += dy[n] + gm[n];
        dk[n] += gl[n];
      }
      continue;
    }
    const float *m = r.m + at - r.N, *l = r.l + at - r.N;
#pragma omp simd
    for (int64_t n = 0; n < part.width; ++n) {
      const float ahead = k[n] - l[n], difference = v[n] - m[n];
      const float p = vmath::sigmoid(u[n] + ahead), q = vmath::sigmoid(ahead + w[n]);
      const float a = dy[n] * difference * p * (1 - p);
      const float c = std::fma(gm[n] * difference, 1 - q, gl[n]) * q;
      dv[n] += std::fma(dy[n], p, gm[n] * q);
      dk[n] += a + c;
      du[n] += a;
      dw[n] += c - gl[n];
      gm[n] = std::fma(dy[n], 1 - p, gm[n] * (1 - q));
      gl[n] -= a + c;
    }
  }
}

// A gradient to add to: the tensor's own, or room that nobody reads.
Tensor sink(const Tensor& x) { return x.needs_grad() ? Tensor() : Tensor(x.shape()); }

}  // namespace

Tensor wkv(const Tensor& w, const Tensor& u, const Tensor& k, const Tensor& v) {
  require(k.rank() == 3 && v.shape() == k.shape() && w.shape() == Shape{k.dim(2)} &&
              u.shape() == w.shape(),
          "wkv: w ", w.shape(), ", u ", u.shape(), ", k ", k.shape(), ", v ", v.shape(),
          ", not [N], [N], [B, T, N], [B, T, N]");
  const int64_t B = k.dim(0), T = k.dim(1), N = k.dim(2);
  Tensor y = Tensor::empty(k.shape());
  const Tensor m = Tensor::empty(k.shape()), l = Tensor::empty(k.shape());
  const Forward f{T, N, w.data(), u.data(), k.data(), v.data(), y.data(), m.data(), l.data()};
  for_parts(B, N, [&](const Part& part) { forward_part(f, part); });
  count_flops(10 * B * T * N);
  record(y, {w, u, k, v}, [=] {
    const Tensor dw({B, N}), du({B, N}), no_k = sink(k), no_v = sink(v);
    const Reverse r{T,
                    N,
                    w.data(),
                    u.data(),
                    k.data(),
                    v.data(),
                    m.data(),
                    l.data(),
                    y.grad(),
                    k.needs_grad() ? k.grad() : no_k.data(),
                    v.needs_grad() ? v.grad() : no_v.data(),
                    dw.data(),
                    du.data()};
    for_parts(B, N, [&](const Part& part) { reverse_part(r, part); });
    for (const auto& [to, from] : {std::pair(w, dw), std::pair(u, du)})
      if (to.needs_grad())
        for (int64_t i = 0; i < B * N; ++i) to.grad()[i % N] += from.data()[i];
    count_flops(20 * B * T * N);
  });
  return y;
}

}  // namespace longhaul
