// The recurrence whose matrix has a single one in each column. With y_j = d_j h_{t-1}[j], i_j the
// row of the largest M_t[., j], M_t = sum_k s_t[k] dictionary[k], and S_t the softmax of its
// columns:
//
//   value    h_t[i_j] += y_j, from h_t = b_t
//   reverse  g_t = dL/dh_t: db_t = g_t    dd_j = g_t[i_j] conj(h_{t-1}[j])
//            dh_{t-1}[j] = g_t[i_j] conj(d_j)                    dP[i, j] = Re(g_t[i] conj(y_j))
//            dM[., j] = S[., j] (dP[., j] - <S[., j], dP[., j]>), the Jacobian of the softmax
//            ds_t[k] = <dM_t, dictionary[k]>                     ddictionary[k] = sum_t s_t[k] dM_t
//
// M is never stored: it is formed for kBlock positions at a time, by one product.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/held_choices.h"
#include "longhaul/ops.h"
#include "longhaul/recurrences.h"
#include "math/gradient.h"
#include "math/kernels/gemm.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kBlock = 16;

struct Problem {
  int64_t B, T, N, K;
  const float *s, *dictionary, *d, *b, *start;  // start may be null: zeros

  int64_t square() const { return N * N; }
  int64_t flops() const { return B * T * (2 * K * square() + 8 * N); }
};

// M of `count` positions from row `row` of s, [count, N, N].
void form(const Problem& p, int64_t row, int64_t count, float* M) {
  gemm({.m = count, .n = p.square(), .k = p.K}, p.s + row * p.K, p.dictionary, M);
}

// The first row with the largest value of each column.
void choose(int64_t N, const float* M, float* largest, float* chosen) {
  std::copy_n(M, N, largest);
  std::fill_n(chosen, N, 0.0f);
  for (int64_t i = 1; i < N; ++i) {
    const float* row = M + i * N;
    const auto at = static_cast<float>(i);
#pragma omp simd
    for (int64_t j = 0; j < N; ++j) {
      const bool more = row[j] > largest[j];
      largest[j] = more ? row[j] : largest[j];
      chosen[j] = more ? at : chosen[j];
    }
  }
}

// The softmax of each column, in M's place.
void soften(int64_t N, const float* largest, float* M, float* sums) {
  std::fill_n(sums, N, 0.0f);
  for (int64_t i = 0; i < N; ++i) {
    float* row = M + i * N;
#pragma omp simd
    for (int64_t j = 0; j < N; ++j) {
      row[j] = vmath::exp(row[j] - largest[j]);
      sums[j] += row[j];
    }
  }
  for (int64_t i = 0; i < N; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < N; ++j) M[i * N + j] /= sums[j];
  }
}

// d .* h, planes of real and imaginary parts.
void fade(int64_t N, const float* d, const float* h, float* y) {
#pragma omp simd
  for (int64_t j = 0; j < N; ++j) {
    y[j] = d[j] * h[j] - d[N + j] * h[N + j];
    y[N + j] = d[j] * h[N + j] + d[N + j] * h[j];
  }
}

// The state before position t, null for zeros.
const float* state_before(const Problem& p, const float* h, int64_t sequence, int64_t t) {
  if (t > 0) return h + (sequence * p.T + t - 1) * 2 * p.N;
  return p.start ? p.start + sequence * 2 * p.N : nullptr;
}

// chosen [B, T, N]: the row of each column's one. held [B, T, N, N], if given, is added to the
// softmax in the choice's place.
void forward_sequence(const Problem& p, int64_t sequence, const float* held, float* chosen,
                      float* h) {
  const int64_t N = p.N;
  const Tensor M = Tensor::empty({kBlock, p.square()}), largest({N}), sums({N}), y({2 * N});
  for (int64_t t = 0; t < p.T; ++t) {
    const int64_t at = sequence * p.T + t;
    if (t % kBlock == 0) form(p, at, std::min(kBlock, p.T - t), M.data());
    float *own = M.data() + t % kBlock * p.square(), *rows = chosen + at * N,
          *next = h + at * 2 * N;
    choose(N, own, largest.data(), rows);
    std::copy_n(p.b + at * 2 * N, 2 * N, next);
    const float* before = state_before(p, h, sequence, t);
    if (!before) continue;
    fade(N, p.d + at * 2 * N, before, y.data());
    if (!held) {
      for (int64_t j = 0; j < N; ++j) {
        const auto i = static_cast<int64_t>(rows[j]);
        next[i] += y.data()[j];
        next[N + i] += y.data()[N + j];
      }
      continue;
    }
    soften(N, largest.data(), own, sums.data());
    for (int64_t i = 0; i < N; ++i)
      for (int64_t j = 0; j < N; ++j) {
        const float share = held[at * p.square() + i * N + j] + own[i * N + j];
        next[i] += share * y.data()[j];
        next[N + i] += share * y.data()[N + j];
      }
  }
}

// What the choices of all positions have more than their softmax, [B, T, N, N].
Tensor choice_less_softmax(const Problem& p) {
  Tensor held = Tensor::empty({p.B, p.T, p.N, p.N});
  const Tensor largest({p.N}), sums({p.N}), rows({p.N});
  for (int64_t at = 0; at < p.B * p.T; ++at) {
    float* own = held.data() + at * p.square();
    form(p, at, 1, own);
    choose(p.N, own, largest.data(), rows.data());
    soften(p.N, largest.data(), own, sums.data());
    for (int64_t i = 0; i < p.square(); ++i) own[i] = -own[i];
    for (int64_t j = 0; j < p.N; ++j) own[static_cast<int64_t>(rows.data()[j]) * p.N + j] += 1;
  }
  return held;
}

struct Gradients {
  const float* dh;
  float *ds, *ddictionary;  // of one sequence, [T, K] and [K, N, N]
  GradTarget dd, db;
};

// dM from dP = Re(g conj(y)^T) through the softmax S, which it replaces.
void through_softmax(int64_t N, const float* g, const float* y, float* S, float* sums) {
  std::fill_n(sums, N, 0.0f);
  for (int64_t i = 0; i < N; ++i) {
    const float re = g[i], im = g[N + i];
#pragma omp simd
    for (int64_t j = 0; j < N; ++j)
      sums[j] = std::fma(S[i * N + j], std::fma(re, y[j], im * y[N + j]), sums[j]);
  }
  for (int64_t i = 0; i < N; ++i) {
    const float re = g[i], im = g[N + i];
#pragma omp simd
    for (int64_t j = 0; j < N; ++j) S[i * N + j] *= std::fma(re, y[j], im * y[N + j]) - sums[j];
  }
}

void put_row(const GradTarget& to, int64_t at, int64_t width, const float* from) {
  if (!to.data) return;
  const GradTarget row{to.data + at * width, to.accumulate};
  for (int64_t i = 0; i < width; ++i) row.data[i] = before(row, i) + from[i];
}

void reverse_sequence(const Problem& p, int64_t sequence, const float* chosen, const float* h,
                      const Gradients& to) {
  const int64_t N = p.N, square = p.square();
  if (p.T == 0) return;
  const Tensor M = Tensor::empty({kBlock, square}), largest({N}), sums({N}), rows({N});
  const Tensor g({2 * N}), earlier({2 * N}), y({2 * N}), dd({2 * N}), none({2 * N});
  for (int64_t begin = (p.T - 1) / kBlock * kBlock; begin >= 0; begin -= kBlock) {
    const int64_t count = std::min(kBlock, p.T - begin), first = sequence * p.T + begin;
    form(p, first, count, M.data());
    for (int64_t t = begin + count - 1; t >= begin; --t) {
      const int64_t at = sequence * p.T + t;
      const float *own_rows = chosen + at * N, *d = p.d + at * 2 * N;
      const float* before = state_before(p, h, sequence, t);
      if (!before) before = none.data();
      float* S = M.data() + (t - begin) * square;
      for (int64_t i = 0; i < 2 * N; ++i) g.data()[i] = earlier.data()[i] + to.dh[at * 2 * N + i];
      put_row(to.db, at, 2 * N, g.data());
      for (int64_t j = 0; j < N; ++j) {
        const auto i = static_cast<int64_t>(own_rows[j]);
        const float re = g.data()[i], im = g.data()[N + i];
        dd.data()[j] = re * before[j] + im * before[N + j];
        dd.data()[N + j] = im * before[j] - re * before[N + j];
        earlier.data()[j] = re * d[j] + im * d[N + j];
        earlier.data()[N + j] = im * d[j] - re * d[N + j];
      }
      put_row(to.dd, at, 2 * N, dd.data());
      fade(N, d, before, y.data());
      choose(N, S, largest.data(), rows.data());
      soften(N, largest.data(), S, sums.data());
      through_softmax(N, g.data(), y.data(), S, sums.data());
    }
    gemm({.transpose_b = true, .m = count, .n = p.K, .k = square}, M.data(), p.dictionary,
         to.ds + begin * p.K);
    gemm({.transpose_a = true, .m = p.K, .n = square, .k = count, .accumulate = true},
         p.s + first * p.K, M.data(), to.ddictionary);
  }
}

Problem checked(const char* name, const Tensor& s, const Tensor& dictionary, const Tensor& d,
                const Tensor& b) {
  const int64_t K = s.rank() == 3 ? s.dim(2) : 0,
                N = dictionary.rank() == 3 ? dictionary.dim(2) : 0;
  require(K > 0 && dictionary.shape() == Shape{K, N, N} &&
              b.shape() == Shape{s.dim(0), s.dim(1), 2 * N} && d.shape() == b.shape(),
          name, ": select ", s.shape(), ", dictionary ", dictionary.shape(), ", decay ", d.shape(),
          ", input ", b.shape(), "; expected [B, T, K], [K, N, N], [B, T, 2 N] twice");
  return {s.dim(0), s.dim(1), N, K, s.data(), dictionary.data(), d.data(), b.data(), nullptr};
}

// Fills h and chosen.
void run_forward(const Problem& p, const Tensor& held, const Tensor& chosen, const Tensor& h) {
  count_flops(p.flops());
  parallel_for(p.B, 1, [&](int64_t sequence, int64_t) {
    forward_sequence(p, sequence, held.defined() ? held.data() : nullptr, chosen.data(), h.data());
  });
}

}  // namespace

Tensor one_hot_scan(const Tensor& select, const Tensor& dictionary, const Tensor& decay,
                    const Tensor& input) {
  const Problem p = checked("one_hot_scan", select, dictionary, decay, input);
  Tensor h = Tensor::empty(input.shape()), held;
  const Tensor chosen = Tensor::empty({p.B, p.T, p.N});
  if (HeldChoices* choices = HeldChoices::active())
    held = choices->next([&] { return choice_less_softmax(p); });
  run_forward(p, held, chosen, h);
  record(h, {select, dictionary, decay, input}, [=] {  // p points into the tensors captured here
    count_flops(2 * p.flops());
    const GradTarget ds = target_of(select), dd = target_of(decay), db = target_of(input);
    const Tensor of_select({p.B, p.T, p.K}), of_dictionary({p.B, p.K * p.square()});
    const float* dh = h.grad();
    parallel_for(p.B, 1, [&](int64_t sequence, int64_t) {
      reverse_sequence(p, sequence, chosen.data(), h.data(),
                       {dh, of_select.data() + sequence * p.T * p.K,
                        of_dictionary.data() + sequence * p.K * p.square(), dd, db});
    });
    put_row(ds, 0, of_select.size(), of_select.data());
    for (int64_t i = 0; dictionary.needs_grad() && i < of_dictionary.size(); ++i)
      dictionary.grad()[i % (p.K * p.square())] += of_dictionary.data()[i];
  });
  return h;
}

Tensor one_hot_step(const Tensor& select, const Tensor& dictionary, const Tensor& decay,
                    const Tensor& input, const Tensor& state) {
  const auto row = [](const Tensor& x) { return reshape(x, {x.dim(0), 1, x.dim(-1)}); };
  Problem p = checked("one_hot_step", row(select), dictionary, row(decay), row(input));
  require(state.shape() == input.shape(), "one_hot_step: state ", state.shape(), ", expected ",
          input.shape());
  p.start = state.data();
  Tensor h = Tensor::empty(input.shape());
  run_forward(p, {}, Tensor::empty({p.B, p.N}), h);
  return h;
}

}  // namespace longhaul
