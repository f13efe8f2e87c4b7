// The selective state space S6. For channel d and state n, with e_t = exp(dt_t[d] a[n, d]):
//
//   value    h_t = e_t h_{t-1} + dt_t[d] u_t[d] b_t[n]        y_t[d] = sum_n c_t[n] h_t[n, d]
//   reverse  g_t = c_t[n] dy_t[d] + e_{t+1} g_{t+1}
//            dc_t[n] = sum_d dy_t[d] h_t          db_t[n] = sum_d g_t dt_t[d] u_t[d]
//            du_t[d] = dt_t[d] sum_n g_t b_t[n]   da[n, d] = sum_t g_t e_t h_{t-1} dt_t[d]
//            ddt_t[d] = sum_n g_t (e_t h_{t-1} a[n, d] + u_t[d] b_t[n])
//
// The forward pass keeps the state at every kChunk-th position. The reverse pass goes through the
// chunks from the last to the first and recomputes each one's states and e into a scratch that
// stays in the cache: [kChunk, N, kBlock], whatever T is.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/gradient.h"
#include "math/kernels/fold.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 16;
constexpr int64_t kBlock = 32;  // channels that are scanned together

struct Problem {
  int64_t B, T, D, N;
  const float *u, *dt, *a, *b, *c;

  int64_t chunks() const { return (T + kChunk - 1) / kChunk; }
  int64_t blocks() const { return (D + kBlock - 1) / kBlock; }
  int64_t steps(int64_t chunk) const { return std::min(kChunk, T - chunk * kChunk); }
  int64_t borders() const { return B * blocks() * chunks() * N * kBlock; }
};

// Channels [first, first + width) of sequence b. Its states are rows [N, kBlock].
struct Part {
  int64_t b, first, width;
  float* borders;  // the state before each chunk, [chunks, N, kBlock]
};

Part part_of(const Problem& p, int64_t b, int64_t block, const Tensor& borders) {
  const int64_t first = block * kBlock, size = p.chunks() * p.N * kBlock;
  return {b, first, std::min(kBlock, p.D - first),
          borders.data() + (b * p.blocks() + block) * size};
}

void forward_part(const Problem& p, const Part& part, float* y) {
  const Tensor state({p.N, kBlock});
  float input[kBlock];
  for (int64_t t = 0; t < p.T; ++t) {
    if (t % kChunk == 0)
      std::copy_n(state.data(), p.N * kBlock, part.borders + t / kChunk * p.N * kBlock);
    const int64_t row = part.b * p.T + t, at = row * p.D + part.first;
    const float *u = p.u + at, *dt = p.dt + at;
    float* out = y + at;
#pragma omp simd
    for (int64_t d = 0; d < part.width; ++d) {
      input[d] = dt[d] * u[d];
      out[d] = 0;
    }
    for (int64_t n = 0; n < p.N; ++n) {
      const float b = p.b[row * p.N + n], c = p.c[row * p.N + n];
      const float* a = p.a + n * p.D + part.first;
      float* h = state.data() + n * kBlock;
#pragma omp simd
      for (int64_t d = 0; d < part.width; ++d) {
        h[d] = std::fma(vmath::exp(dt[d] * a[d]), h[d], b * input[d]);
        out[d] = std::fma(c, h[d], out[d]);
      }
    }
  }
}

// The states of one chunk, recomputed: h [steps + 1, N, kBlock], the border first; e [steps, N,
// kBlock].
void replay(const Problem& p, const Part& part, int64_t chunk, float* h, float* e) {
  const int64_t size = p.N * kBlock;
  std::copy_n(part.borders + chunk * size, size, h);
  for (int64_t i = 0; i < p.steps(chunk); ++i) {
    const int64_t row = part.b * p.T + chunk * kChunk + i, at = row * p.D + part.first;
    const float *u = p.u + at, *dt = p.dt + at;
    for (int64_t n = 0; n < p.N; ++n) {
      const float b = p.b[row * p.N + n], *a = p.a + n * p.D + part.first;
      const float* before = h + i * size + n * kBlock;
      float *after = h + (i + 1) * size + n * kBlock, *decay = e + i * size + n * kBlock;
#pragma omp simd
      for (int64_t d = 0; d < part.width; ++d) {
        decay[d] = vmath::exp(dt[d] * a[d]);
        after[d] = std::fma(decay[d], before[d], b * (dt[d] * u[d]));
      }
    }
  }
}

// Where gradients go; da is added to.
struct Gradients {
  const float* dy;
  GradTarget du, ddt;
  float* da;  // of this sequence alone, [N, D]
  GradTarget db, dc;
};

void put(const GradTarget& to, int64_t at, const float* from, int64_t n) {
  if (!to.data) return;
  float* out = to.data + at;
  if (to.accumulate) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) out[i] += from[i];
  } else {
    std::copy_n(from, n, out);
  }
}

// One position; `before` h_{t-1}, `after` h_t, `carry` in: e_{t+1} g_{t+1}, out: e_t g_t.
void reverse_row(const Problem& p, const Part& part, int64_t t, const float* before,
                 const float* after, const float* e, float* carry, const Gradients& g) {
  const int64_t row = part.b * p.T + t, at = row * p.D + part.first, width = part.width;
  const float *u = p.u + at, *dt = p.dt + at, *dy = g.dy + at;
  float through_b[kBlock] = {}, through_a[kBlock] = {}, input[kBlock], du[kBlock], ddt[kBlock];
  for (int64_t d = 0; d < width; ++d) input[d] = dt[d] * u[d];
  for (int64_t n = 0; n < p.N; ++n) {
    const float b = p.b[row * p.N + n], c = p.c[row * p.N + n];
    const float* a = p.a + n * p.D + part.first;
    const float *h0 = before + n * kBlock, *h1 = after + n * kBlock, *decay = e + n * kBlock;
    float *k = carry + n * kBlock, *da = g.da + n * p.D + part.first;
    // As fold() has them, in the loop that makes the rest.
    alignas(64) float sums_b[kFoldLanes] = {}, sums_c[kFoldLanes] = {};
    const auto channel = [&](int64_t d, int64_t lane) {
      const float gradient = std::fma(c, dy[d], k[d]);
      sums_c[lane] = std::fma(dy[d], h1[d], sums_c[lane]);
      sums_b[lane] = std::fma(gradient, input[d], sums_b[lane]);
      through_b[d] = std::fma(gradient, b, through_b[d]);
      k[d] = gradient * decay[d];
      const float exponent = k[d] * h0[d];
      through_a[d] = std::fma(exponent, a[d], through_a[d]);
      da[d] = std::fma(exponent, dt[d], da[d]);
    };
    const int64_t whole = width / kFoldLanes * kFoldLanes;
    for (int64_t d = 0; d < whole; d += kFoldLanes) {
#pragma omp simd
      for (int64_t lane = 0; lane < kFoldLanes; ++lane) channel(d + lane, lane);
    }
    for (int64_t lane = 0; lane < width - whole; ++lane) channel(whole + lane, lane);
    const int64_t here = row * p.N + n;
    g.dc.data[here] = longhaul::before(g.dc, here) + add_lanes(sums_c);
    g.db.data[here] = longhaul::before(g.db, here) + add_lanes(sums_b);
  }
#pragma omp simd
  for (int64_t d = 0; d < width; ++d) {
    du[d] = dt[d] * through_b[d];
    ddt[d] = std::fma(u[d], through_b[d], through_a[d]);
  }
  put(g.du, at, du, width);
  put(g.ddt, at, ddt, width);
}

void reverse_part(const Problem& p, const Part& part, const Gradients& g) {
  const int64_t size = p.N * kBlock;
  const Tensor h = Tensor::empty({(kChunk + 1) * size}), e = Tensor::empty({kChunk * size});
  const Tensor carry({size});
  for (int64_t chunk = p.chunks() - 1; chunk >= 0; --chunk) {
    replay(p, part, chunk, h.data(), e.data());
    for (int64_t i = p.steps(chunk) - 1; i >= 0; --i)
      reverse_row(p, part, chunk * kChunk + i, h.data() + i * size, h.data() + (i + 1) * size,
                  e.data() + i * size, carry.data(), g);
  }
}

void reverse_blocks(const Problem& p, int64_t b, int64_t begin, int64_t end, const Tensor& borders,
                    const Gradients& g) {
  for (int64_t block = begin; block < end; ++block)
    reverse_part(p, part_of(p, b, block, borders), g);
}

// The blocks of one sequence side by side. They add to the same db and dc: each leaves its own
// share, and the shares are added in order.
void reverse_side_by_side(const Problem& p, int64_t b, const Tensor& borders, const Gradients& g) {
  const int64_t first = b * p.T * p.N, size = p.T * p.N;
  const Tensor shares = Tensor::empty({2, p.blocks(), size});
  const auto share = [&](int64_t of, int64_t block) {
    return shares.data() + (of * p.blocks() + block) * size;
  };
  parallel_for(p.blocks(), 1, [&](int64_t block, int64_t) {
    Gradients own = g;
    own.db = {share(0, block) - first, false};
    own.dc = {share(1, block) - first, false};
    reverse_blocks(p, b, block, block + 1, borders, own);
  });
  split_for(size, kFewValues, [&](int64_t begin, int64_t end) {
    for (int64_t block = 0; block < p.blocks(); ++block)
      for (int64_t i = begin; i < end; ++i) {
        g.db.data[first + i] += share(0, block)[i];
        g.dc.data[first + i] += share(1, block)[i];
      }
  });
}

void reverse(const Problem& p, const Tensor& borders, const Tensor& da, const Gradients& g) {
  const auto of_sequence = [&](int64_t b) {
    Gradients own = g;
    own.da = da.data() + b * p.N * p.D;
    return own;
  };
  if (p.B >= threads() || !has_threads())
    parallel_for(p.B, 1, [&](int64_t b, int64_t) {
      reverse_blocks(p, b, 0, p.blocks(), borders, of_sequence(b));
    });
  else
    for (int64_t b = 0; b < p.B; ++b) reverse_side_by_side(p, b, borders, of_sequence(b));
  count_flops(14 * p.B * p.T * p.D * p.N);
}

}  // namespace

Tensor selective_scan(const Tensor& u, const Tensor& dt, const Tensor& a, const Tensor& b,
                      const Tensor& c) {
  const bool fits = u.rank() == 3 && dt.shape() == u.shape() && a.rank() == 2 &&
                    a.dim(1) == u.dim(2) && b.shape() == Shape{u.dim(0), u.dim(1), a.dim(0)} &&
                    c.shape() == b.shape();
  require(fits, "selective_scan: u ", u.shape(), ", dt ", dt.shape(), ", a ", a.shape(), ", b ",
          b.shape(), ", c ", c.shape(), ", not [B, T, D], [B, T, D], [N, D], [B, T, N], [B, T, N]");
  const Problem p{u.dim(0),  u.dim(1), u.dim(2), a.dim(0), u.data(),
                  dt.data(), a.data(), b.data(), c.data()};
  Tensor y = Tensor::empty(u.shape());
  const Tensor borders = Tensor::empty({p.borders()});
  parallel_for(p.B * p.blocks(), 1, [&](int64_t item, int64_t) {
    forward_part(p, part_of(p, item / p.blocks(), item % p.blocks(), borders), y.data());
  });
  count_flops(7 * p.B * p.T * p.D * p.N);
  record(y, {u, dt, a, b, c}, [=] {  // p points into the tensors captured here
    const auto target = [](const Tensor& x) {
      return x.needs_grad() ? x.grad_target() : GradTarget{nullptr, false};
    };
    const auto room = [](const Tensor& x) { return x.needs_grad() ? x : Tensor(x.shape()); };
    const Tensor da({p.B, p.N, p.D}), to_b = room(b), to_c = room(c);
    const GradTarget du = target(u), ddt = target(dt);
    const GradTarget db{to_b.grad(), true}, dc{to_c.grad(), true};
    reverse(p, borders, da, {y.grad(), du, ddt, nullptr, db, dc});
    if (a.needs_grad())
      for (int64_t i = 0; i < da.size(); ++i) a.grad()[i % a.size()] += da.data()[i];
  });
  return y;
}

}  // namespace longhaul
