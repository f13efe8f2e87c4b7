// The nonlinear half of a sweep: the cell and its Jacobian around the last iterate, for many steps
// at once (products of R with several steps share each load of R).
#include "math/recurrence/sweep.h"

#include <cmath>
#include <limits>

#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/damping.h"
#include "math/recurrence/linear.h"
#include "math/recurrence/product.h"

namespace longhaul {
namespace {

constexpr int64_t kSpanValues = 512;  // values of a diagonal cell evaluated in one go

Point point_of(Solver solver) {
  switch (solver) {
    case Solver::fixed_a:
      return Point::origin;
    case Solver::first_order:
      return Point::input;
    case Solver::jacobi:
    case Solver::picard:
      return Point::none;
    default:
      return Point::iterate;
  }
}

// A Jacobian of blocks wider than a channel is stored where threads may share its composition.
Form form_of(const Recurrence& r, Solver solver) {
  const bool whole =
      solver == Solver::newton || solver == Solver::fixed_a || solver == Solver::first_order;
  if (!whole || r.block == 1) return Form::channels;
  return r.block <= 4 && !has_memory(r.cell) && !LaneScope::inside() ? Form::blocks : Form::applied;
}

struct Extremes {
  float difference = 0, size = 0;
  int broken = 0;

  // relative: by |h| where that is above 1, as the memory of an lstm may be.
  template <bool relative>
  void add(int64_t n, const float* f, const float* h) {
    float far = difference, most = size;
    int bad = broken;
#pragma omp simd reduction(max : far, most) reduction(| : bad)
    for (int64_t i = 0; i < n; ++i) {
      const float large = std::abs(h[i]);
      const float apart = std::abs(f[i] - h[i]) / (relative ? std::max(1.0f, large) : 1.0f);
      far = std::max(far, apart);
      most = std::max(most, large);
      bad |= !(apart <= std::numeric_limits<float>::max());
    }
    difference = far;
    size = most;
    broken = bad;
  }
};

}  // namespace

Sweep::Sweep(const Recurrence& one, const RecurrenceSpec& spec, const BlockProduct& product,
             const CellOutput& at, int64_t value_plane)
    : r_(one),
      spec_(spec),
      product_(product),
      at_(at),
      T_(one.T),
      N_(one.N),
      G_(one.G),
      planes_(planes_of(one.cell)),
      value_plane_(value_plane),
      point_(point_of(spec.solver)),
      form_(form_of(one, spec.solver)) {
  if (point_ != Point::none) slopes_ = Tensor::empty({slopes_of(r_.cell), T_, N_});
  if (form_ == Form::blocks) M_ = Tensor::empty({T_, N_, r_.block});
  const int64_t span = std::max<int64_t>(1, kSpanValues / N_);
  if (r_.cell == Cell::cifg) {
    repeated_ = Tensor::empty({2, span * N_});
    peepholes_ = {repeated_.data(), span * N_};
    for (int64_t i = 0; i < 2 * span; ++i)
      std::copy_n(r_.peepholes + i / span * N_, N_, repeated_.data() + i * N_);
  }
  if (form_ == Form::channels) {
    M_ = Tensor::empty({planes_ * planes_, T_, N_});
    const int64_t b = r_.block;
    pattern_ = Tensor::empty({G_, span, N_});
    for (int64_t g = 0; g < G_; ++g) {
      float* row = pattern_.data() + g * span * N_;
      for (int64_t n = 0; n < N_; ++n) row[n] = r_.matrix(g, n / b)[n % b * (b + 1)];
      for (int64_t t = 1; t < span; ++t) std::copy_n(row, N_, row + t * N_);
    }
  }
  if (r_.block == 1 && G_ > 1) {
    u_ = Tensor::empty({G_, T_, N_});
    split_for(T_, kChunk, [&](int64_t begin, int64_t end) {
      for (int64_t g = 0; g < G_; ++g)
        for (int64_t t = begin; t < end; ++t)
          std::copy_n(r_.u + (t * G_ + g) * N_, N_, u_.data() + (g * T_ + t) * N_);
    });
  }
  if (spec_.solver == Solver::elk) target_ = Tensor::empty({planes_, T_, N_});
  if (point_ == Point::none) {
    std::fill_n(M_.data(), M_.size(), 0.0f);
    for (int64_t i = 0; i < planes_ && spec_.solver == Solver::picard; ++i)
      std::fill_n(M_.data() + i * (planes_ + 1) * T_ * N_, T_ * N_, 1.0f);
  } else if (point_ != Point::iterate) {
    linearise_apart();
  }
}

Sweep::Seen Sweep::evaluate(const float* h) {
  const int64_t chunks = (T_ + kChunk - 1) / kChunk;
  const Tensor seen({3, chunks});  // difference, size, broken
  parallel_for(T_, kChunk, [&](int64_t begin, int64_t end) {
    if (r_.block == 1)
      evaluate_diagonal(begin, end, h);
    else
      evaluate_rows(begin, end, h);
    const int64_t first = begin * N_, n = (end - begin) * N_;
    const float* c = memory(h);
    if (point_ == Point::iterate) {
      cell_slopes(r_.cell, n, at_row(begin), h + first - N_, c ? c + first - N_ : nullptr,
                  slopes_.data() + first, T_ * N_, peepholes_);
      store(begin, end);
    }
    Extremes extremes;
    extremes.add<false>(n, at_.value + first, h + first);
    if (c) extremes.add<true>(n, at_.c + first, c + first);
    float* here = seen.data() + begin / kChunk;
    here[0] = extremes.difference;
    here[chunks] = extremes.size;
    here[2 * chunks] = static_cast<float>(extremes.broken);
  });
  const float* first = seen.data();
  Seen all{*std::max_element(first, first + chunks),
           *std::max_element(first + chunks, first + 2 * chunks)};
  if (*std::max_element(first + 2 * chunks, first + 3 * chunks) > 0)
    all.residual = std::numeric_limits<double>::quiet_NaN();
  return all;
}

void Sweep::evaluate_rows(int64_t begin, int64_t end, const float* h) {
  constexpr int kGroup = BlockProduct::kGroup;
  const Tensor p = Tensor::empty({kGroup, product_.vector_stride()});
  const float* c = memory(h);
  for (int64_t first = begin; first < end; first += kGroup) {
    const int count = static_cast<int>(std::min<int64_t>(kGroup, end - first));
    const float* before[kGroup];
    for (int i = 0; i < count; ++i) before[i] = h + (first + i - 1) * N_;
    product_.apply(count, before, p.data());
    for (int i = 0; i < count; ++i)
      cell_values(
          r_.cell, N_,
          {r_.u + (first + i) * G_ * N_, p.data() + i * product_.vector_stride(), before[i],
           c ? c + (first + i - 1) * N_ : nullptr, N_, product_.stride(), leak_at(first + i), N_},
          at_row(first + i), peepholes_);
  }
}

// Positions of neighbouring steps are neighbours in memory, so that even one channel fills vectors.
void Sweep::evaluate_diagonal(int64_t begin, int64_t end, const float* h) {
  const int64_t span = pattern_.dim(1);
  const Tensor p = Tensor::empty({G_, span * N_});
  const float* u = u_.defined() ? u_.data() : r_.u;
  const float* c = memory(h);
  for (int64_t t = begin; t < end; t += span) {
    const int64_t n = std::min(span, end - t) * N_;
    const float* before = h + (t - 1) * N_;
    for (int64_t g = 0; g < G_; ++g) {
      const float* R = pattern_.data() + g * span * N_;
      float* product = p.data() + g * span * N_;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) product[i] = R[i] * before[i];
    }
    cell_values(r_.cell, n,
                {u + t * N_, p.data(), before, c ? c + (t - 1) * N_ : nullptr, T_ * N_, span * N_,
                 leak_at(t), N_},
                at_row(t), peepholes_);
  }
}

void Sweep::linearise_apart() {
  const Tensor zero({std::max(G_ * N_, product_.vector_stride())});
  split_for(T_, kChunk, [&](int64_t begin, int64_t end) {
    const Tensor values = Tensor::empty({planes_ + kept_of(r_.cell), N_});
    const CellOutput at{values.data(), values.data() + (planes_ - 1) * N_,
                        values.data() + planes_ * N_, N_};
    for (int64_t t = begin; t < end; ++t) {
      const float* u = point_ == Point::input ? r_.u + t * G_ * N_ : zero.data();
      cell_values(r_.cell, N_, {u, zero.data(), zero.data(), zero.data(), N_, N_, leak_at(t), N_},
                  at, peepholes_);
      cell_slopes(r_.cell, N_, at, zero.data(), zero.data(), slopes_.data() + t * N_, T_ * N_,
                  peepholes_);
    }
    store(begin, end);
  });
}

void Sweep::store(int64_t begin, int64_t end) {
  if (form_ == Form::channels) store_channels(begin, end);
  if (form_ == Form::blocks) store_blocks(begin, end);
}

// tanh, gru, leaky: keep + sum_g slope_g R_g; lstm, cifg: from (h', c') to (h, c), see cell_slopes.
void Sweep::store_channels(int64_t begin, int64_t end) {
  const int64_t span = pattern_.dim(1), plane = T_ * N_;
  for (int64_t t = begin; t < end; t += span) {
    const int64_t n = std::min(span, end - t) * N_;
    const float *slope = slopes_.data() + t * N_, *R = pattern_.data();
    float* M = M_.data() + t * N_;
    if (has_memory(r_.cell)) {
      const int64_t gate = span * N_, last = G_ - 1;  // the output gate
      const bool has_three = r_.cell == Cell::lstm;   // gates of the memory
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        float ch = std::fma(slope[plane + i], R[gate + i], slope[i] * R[i]);
        if (has_three) ch = std::fma(slope[2 * plane + i], R[2 * gate + i], ch);
        const float cc = slope[(last + 1) * plane + i], link = slope[(last + 2) * plane + i];
        M[i] = std::fma(slope[last * plane + i], R[last * gate + i], link * ch);
        M[plane + i] = link * cc;
        M[2 * plane + i] = ch;
        M[3 * plane + i] = cc;
      }
      continue;
    }
    for (int64_t g = 0; g < G_; ++g, slope += plane, R += span * N_) {
      const float* start = g ? M : keeps_state(r_.cell) ? slope + G_ * plane : nullptr;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) M[i] = std::fma(slope[i], R[i], start ? start[i] : 0.0f);
    }
  }
}

void Sweep::store_blocks(int64_t begin, int64_t end) {
  const int64_t b = r_.block, plane = T_ * N_;
  const bool keeps = keeps_state(r_.cell);
  for (int64_t t = begin; t < end; ++t) {
    float* M = M_.data() + t * N_ * b;
    for (int64_t g = 0; g < G_; ++g) {
      const float* slope = slopes_.data() + g * plane + t * N_;
      const float* keep = slopes_.data() + G_ * plane + t * N_;
      for (int64_t i = 0; i < N_; ++i) {
        const float* R = r_.matrix(g, i / b) + i % b * b;
        for (int64_t j = 0; j < b; ++j) {
          const float start = g ? M[i * b + j] : keeps && i % b == j ? keep[i] : 0;
          M[i * b + j] = std::fma(slope[i], R[j], start);
        }
      }
    }
  }
}

void Sweep::put_values(float* h) const {
  std::copy_n(at_.value, T_ * N_, h);
  if (planes_ > 1) std::copy_n(at_.c, T_ * N_, h + (T_ + 1) * N_);
}

void Sweep::solve(const float* h, float* next) {
  const float clip = static_cast<float>(spec_.clip);
  LinearSweep s{T_,
                N_,
                r_.block,
                at_.value,
                h,
                matrices(),
                next,
                value_plane_,
                (T_ + 1) * N_,
                clip,
                !LaneScope::inside() && T_ >= 2 * kChunk};
  if (spec_.solver == Solver::clip_elk) contract(planes_, T_ * N_, M_.data());
  if (target_.defined()) {
    damp(planes_, s, spec_.damping, M_.data(), target_.data());
    s.f = target_.data();
    s.f_plane = T_ * N_;
  }
  run(s);
}

void Sweep::run(const LinearSweep& s) const {
  if (form_ == Form::applied) return sweep_applied(r_.cell, product_, s);
  if (form_ == Form::blocks) return sweep_blocks(s);
  sweep_channels(planes_, s);
}

void Sweep::carry(float* v) const {
  const int64_t plane = (T_ + 1) * N_;
  const Tensor zeros({planes_, T_ + 1, N_}), changes({planes_, T_ + 1, N_});
  const auto row = [&](int64_t i, int64_t t) { return changes.data() + i * plane + t * N_; };
  for (int64_t i = 0; i < planes_; ++i) std::copy_n(v + i * N_, N_, row(i, 0));
  run({T_, N_, r_.block, zeros.data(), zeros.data() + N_, matrices(), row(0, 1), plane, plane,
       kMemoryBound, false});
  for (int64_t i = 0; i < planes_; ++i) std::copy_n(row(i, T_), N_, v + i * N_);
}

}  // namespace longhaul
