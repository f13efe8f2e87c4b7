// The sLSTM cell, step by step. With s_i = exp(i~ - m_t) and s_f = exp(f~ + m_{t-1} - m_t), gates
// that are at most 1:
//
//   value    c_t = s_f c_{t-1} + s_i z   n_t = s_f n_{t-1} + s_i   h_t = o c_t / n_t
//   reverse  dc += dh o / n_t            dn -= dh o c_t / n_t^2    do = dh c_t / n_t
//            ds_i = dc z + dn            ds_f = dc c_{t-1} + dn n_{t-1}        dz = dc s_i
//            dc_{t-1} = s_f dc           dn_{t-1} = s_f dn         dh_{t-1} = R^T dpre
//
// m has no gradient, since h does not depend on it. Sequences go through time in groups, so that
// the products with R have several rows; dR is one product over all of a sequence's positions.
#include <algorithm>
#include <cmath>
#include <limits>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/gradient.h"
#include "math/kernels/tile.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kGroup = 8;  // sequences side by side

struct Problem {
  int64_t B, T, N, block;

  int64_t blocks() const { return N / block; }
  int64_t wide() const { return tile::round_up(block); }
  int64_t gates() const { return tile::round_up(4 * block); }  // of one block, padded
  int64_t flops() const { return 2 * B * T * 4 * N * block; }
};

// R with the columns of one block's four gates side by side, [blocks, block, gates()], or with
// their rows below each other, [blocks, 4 block, wide()].
Tensor columns_of(const Problem& p, const Tensor& R) {
  Tensor columns({p.blocks(), p.block, p.gates()});
  for (int64_t g = 0; g < 4; ++g)
    for (int64_t k = 0; k < p.blocks(); ++k)
      for (int64_t i = 0; i < p.block; ++i)
        for (int64_t j = 0; j < p.block; ++j)
          columns.data()[(k * p.block + j) * p.gates() + g * p.block + i] =
              R.data()[((g * p.blocks() + k) * p.block + i) * p.block + j];
  return columns;
}
Tensor rows_of(const Problem& p, const Tensor& R) {
  Tensor rows({p.blocks(), 4 * p.block, p.wide()});
  for (int64_t g = 0; g < 4; ++g)
    for (int64_t k = 0; k < p.blocks(); ++k)
      for (int64_t i = 0; i < p.block; ++i)
        std::copy_n(R.data() + ((g * p.blocks() + k) * p.block + i) * p.block, p.block,
                    rows.data() + ((k * 4 + g) * p.block + i) * p.wide());
  return rows;
}

// One position of one sequence; null where nothing is kept.
struct Cell {
  float *h, *c, *n, *m;  // in and out, [N]
  float* kept;           // [5, N]: s_i, s_f, z, o, and the slope of log sigmoid f
};

// `recurrent` is R h, the gates of a block side by side.
void advance(const Problem& p, const float* u, const float* recurrent, const Cell& x) {
  const int64_t N = p.N, block = p.block;
  for (int64_t k = 0; k < p.blocks(); ++k) {
    const float* own = recurrent + k * p.gates();
#pragma omp simd
    for (int64_t j = 0; j < block; ++j) {
      const int64_t at = k * block + j;
      const float i = u[at] + own[j], f = u[N + at] + own[block + j];
      const float z = vmath::tanh(u[2 * N + at] + own[2 * block + j]);
      const float o = vmath::sigmoid(u[3 * N + at] + own[3 * block + j]);
      const float faded = x.m[at] - vmath::softplus(-f);
      const float m = vmath::select(faded > i, faded, i);
      const float s_i = vmath::exp(i - m), s_f = vmath::exp(faded - m);
      x.m[at] = m;
      x.c[at] = std::fma(s_f, x.c[at], s_i * z);
      x.n[at] = std::fma(s_f, x.n[at], s_i);
      x.h[at] = o * x.c[at] / x.n[at];
      if (!x.kept) continue;
      x.kept[at] = s_i;
      x.kept[N + at] = s_f;
      x.kept[2 * N + at] = z;
      x.kept[3 * N + at] = o;
      x.kept[4 * N + at] = vmath::sigmoid(-f);
    }
  }
}

// recurrent [count, blocks gates()] = h R^T of `count` sequences whose h are `stride` apart.
void read_back(const Problem& p, const Tensor& columns, const float* h, int64_t stride,
               int64_t count, float* recurrent) {
  const int64_t wide = p.blocks() * p.gates();
  for (int64_t k = 0; k < p.blocks(); ++k)
    tile::product(count, p.block, p.gates(), {h + k * p.block, stride},
                  columns.data() + k * p.block * p.gates(), p.gates(), recurrent + k * p.gates(),
                  wide, false);
}

// What the reverse step needs: c and n [B, T, 2 N], the gates [B, T, 5 N].
struct Kept {
  Tensor states, gates;
};

void forward_group(const Problem& p, const Tensor& columns, int64_t first, int64_t count,
                   const float* u, float* h, const Kept& kept) {
  const int64_t N = p.N, wide = p.blocks() * p.gates();
  const Tensor recurrent = Tensor::empty({count, wide});
  const Tensor state({count, 3, N});
  const Tensor before({count, N});
  for (int64_t s = 0; s < count; ++s)
    std::fill_n(state.data() + (s * 3 + 2) * N, N, -std::numeric_limits<float>::infinity());
  for (int64_t t = 0; t < p.T; ++t) {
    read_back(p, columns, before.data(), N, count, recurrent.data());
    for (int64_t s = 0; s < count; ++s) {
      const int64_t at = (first + s) * p.T + t;
      float *own = state.data() + s * 3 * N, *out = before.data() + s * N;
      advance(p, u + at * 4 * N, recurrent.data() + s * wide,
              {out, own, own + N, own + 2 * N, kept.gates.data() + at * 5 * N});
      std::copy_n(out, N, h + at * N);
      std::copy_n(own, 2 * N, kept.states.data() + at * 2 * N);
    }
  }
}

// dpre [4 N] of one position; `carry` [3, N] holds dh, dc, dn of what follows, and is left with
// what goes back through the state alone.
void step_back(const Problem& p, const float* kept, const float* now, const float* earlier,
               const float* dh, float* carry, float* dpre) {
  const int64_t N = p.N;
  float *dc = carry + N, *dn = carry + 2 * N;
  const float *s_i = kept, *s_f = kept + N, *z = kept + 2 * N, *o = kept + 3 * N,
              *slope = kept + 4 * N;
#pragma omp simd
  for (int64_t j = 0; j < N; ++j) {
    const float c = now[j], share = 1 / now[N + j], g = dh[j] + carry[j];
    const float of_c = std::fma(g * o[j], share, dc[j]);
    const float of_n = std::fma(-g * o[j] * c, share * share, dn[j]);
    const float c_before = earlier ? earlier[j] : 0, n_before = earlier ? earlier[N + j] : 0;
    dpre[j] = std::fma(of_c, z[j], of_n) * s_i[j];
    dpre[N + j] = std::fma(of_c, c_before, of_n * n_before) * s_f[j] * slope[j];
    dpre[2 * N + j] = of_c * s_i[j] * std::fma(-z[j], z[j], 1.0f);
    dpre[3 * N + j] = g * c * share * o[j] * (1 - o[j]);
    dc[j] = of_c * s_f[j];
    dn[j] = of_n * s_f[j];
  }
}

void reverse_group(const Problem& p, const Tensor& rows, int64_t first, int64_t count,
                   const float* dh, const Kept& kept, float* dpre) {
  const int64_t N = p.N, block = p.block, wide = p.wide();
  const Tensor carry({count, 3, N}), side({count, 4 * block}), back = Tensor::empty({count, wide});
  for (int64_t t = p.T - 1; t >= 0; --t) {
    for (int64_t s = 0; s < count; ++s) {
      const int64_t at = (first + s) * p.T + t;
      const float* now = kept.states.data() + at * 2 * N;
      step_back(p, kept.gates.data() + at * 5 * N, now, t > 0 ? now - 2 * N : nullptr, dh + at * N,
                carry.data() + s * 3 * N, dpre + at * 4 * N);
    }
    for (int64_t k = 0; k < p.blocks(); ++k) {
      for (int64_t s = 0; s < count; ++s)
        for (int64_t g = 0; g < 4; ++g)
          std::copy_n(dpre + ((first + s) * p.T + t) * 4 * N + g * N + k * block, block,
                      side.data() + (s * 4 + g) * block);
      tile::product(count, 4 * block, wide, {side.data(), 4 * block},
                    rows.data() + k * 4 * block * wide, wide, back.data(), wide, false);
      for (int64_t s = 0; s < count; ++s)
        std::copy_n(back.data() + s * wide, block, carry.data() + s * 3 * N + k * block);
    }
  }
}

// Adds sum_t dpre_t^T h_{t-1} of one sequence.
void add_to_recurrent(const Problem& p, const float* dpre, const float* h, float* dR) {
  const int64_t N = p.N, block = p.block, wide = p.wide();
  if (p.T < 2) return;
  const Tensor earlier({p.T - 1, wide}), sum = Tensor::empty({block, wide});
  for (int64_t k = 0; k < p.blocks(); ++k) {
    for (int64_t t = 0; t + 1 < p.T; ++t)
      std::copy_n(h + t * N + k * block, block, earlier.data() + t * wide);
    for (int64_t g = 0; g < 4; ++g) {
      tile::product(block, p.T - 1, wide, {dpre + 4 * N + g * N + k * block, 4 * N, true},
                    earlier.data(), wide, sum.data(), wide, false);
      float* to = dR + (g * p.blocks() + k) * block * block;
      for (int64_t i = 0; i < block; ++i)
        for (int64_t j = 0; j < block; ++j) to[i * block + j] += sum.data()[i * wide + j];
    }
  }
}

// u [B, T, 4 N], or [B, 4 N] for one step.
Problem check(const Tensor& u, const Tensor& R, int rank) {
  const int64_t N = u.rank() == rank ? u.dim(-1) / 4 : 0, block = R.rank() == 4 ? R.dim(3) : 0;
  const bool fits = u.rank() == rank && u.dim(-1) == 4 * N && block > 0 && N % block == 0 &&
                    R.shape() == Shape{4, N / block, block, block};
  require(fits, "slstm_recurrence: u ", u.shape(), ", recurrent ", R.shape(), "; expected [B, ",
          rank == 3 ? "T, " : "", "4 N] and [4, N / block, block, block]");
  return {u.dim(0), rank == 3 ? u.dim(1) : 1, N, block};
}

}  // namespace

Tensor slstm_recurrence(const Tensor& u, const Tensor& recurrent) {
  const Problem p = check(u, recurrent, 3);
  Tensor h = Tensor::empty({p.B, p.T, p.N});
  const Kept kept{Tensor::empty({p.B, p.T, 2 * p.N}), Tensor::empty({p.B, p.T, 5 * p.N})};
  const Tensor columns = columns_of(p, recurrent);
  count_flops(p.flops());
  parallel_for(p.B, kGroup, [&](int64_t begin, int64_t end) {
    forward_group(p, columns, begin, end - begin, u.data(), h.data(), kept);
  });
  record(h, {u, recurrent}, [=] {
    count_flops(2 * p.flops());
    const Tensor dpre = Tensor::empty({p.B, p.T, 4 * p.N}), rows = rows_of(p, recurrent);
    const float* dh = h.grad();
    parallel_for(p.B, kGroup, [&](int64_t begin, int64_t end) {
      reverse_group(p, rows, begin, end - begin, dh, kept, dpre.data());
    });
    if (u.needs_grad()) {
      const GradTarget du = u.grad_target();
      for (int64_t i = 0; i < dpre.size(); ++i) du.data[i] = before(du, i) + dpre.data()[i];
    }
    for (int64_t b = 0; recurrent.needs_grad() && b < p.B; ++b)
      add_to_recurrent(p, dpre.data() + b * p.T * 4 * p.N, h.data() + b * p.T * p.N,
                       recurrent.grad());
  });
  return h;
}

Tensor slstm_state(int64_t batch, int64_t N) {
  Tensor state({batch, 4 * N});
  for (int64_t b = 0; b < batch; ++b)
    std::fill_n(state.data() + (b * 4 + 3) * N, N, -std::numeric_limits<float>::infinity());
  return state;
}

Tensor slstm_step(const Tensor& u, const Tensor& recurrent, Tensor& state) {
  const Problem p = check(u, recurrent, 2);
  require(state.shape() == Shape{p.B, 4 * p.N}, "slstm_step: state ", state.shape(), ", expected ",
          Shape{p.B, 4 * p.N});
  const int64_t N = p.N, wide = p.blocks() * p.gates();
  const Tensor sums = Tensor::empty({p.B, wide});
  read_back(p, columns_of(p, recurrent), state.data(), 4 * N, p.B, sums.data());
  count_flops(p.flops());
  Tensor next = state.clone(), h = Tensor::empty({p.B, N});
  for (int64_t b = 0; b < p.B; ++b) {
    float* own = next.data() + b * 4 * N;
    advance(p, u.data() + b * 4 * N, sums.data() + b * wide,
            {own, own + N, own + 2 * N, own + 3 * N, nullptr});
    std::copy_n(own, N, h.data() + b * N);
  }
  state = next;
  return h;
}

}  // namespace longhaul
