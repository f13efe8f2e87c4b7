// The linear half of a sweep, h_t = clip(f_t + M_t d_{t-1}) with d_t = h_t - h'_t. A stored M is
// solved block by block, or eight channels at once; outside a lane a long sequence is cut into
// chunks whose maps are composed, b^3 per block and step. Else M is applied and never formed: one
// product with R a step.
#include "math/recurrence/linear.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "math/kernels/vector.h"
#include "math/parallel.h"
#include "math/recurrence/cell.h"
#include "math/recurrence/product.h"

namespace longhaul {
namespace {

// How the b values of one block lie in memory: side by side, or one in each plane.
template <bool planes>
struct Layout {
  int64_t N, b, f_plane, plane, M_plane;

  int64_t f(int64_t t, int64_t i) const { return planes ? i * f_plane + t * N : t * N + i; }
  int64_t h(int64_t t, int64_t i) const { return planes ? i * plane + t * N : t * N + i; }
  int64_t M(int64_t t, int64_t i, int64_t j) const {
    return planes ? (i * b + j) * M_plane + t * N : (t * N + i) * b + j;
  }
};

// One block, or eight channels at once, over a stretch of time.
template <bool planes>
struct Stretch {
  int64_t steps;
  const float *f, *h, *M;
  float bound;
  Layout<planes> layout;

  float bound_of(int i) const { return planes && i > 0 ? kMemoryBound : bound; }
};

// Each step waits for the one before, so one channel alone is as slow as its chain of operations. A
// branch that is never taken is not part of the chain, as the two comparisons of clip() are.
[[gnu::cold, gnu::noinline]] float clip_apart(float x, float bound) { return clip(x, bound); }
inline float clip_rarely(float x, float bound) {
  return std::abs(x) <= bound ? x : clip_apart(x, bound);
}
inline Vector clip_rarely(Vector x, float bound) { return clip(x, bound); }

// next = h of every step, given d before the first. All is taken by value: what is stored through
// `next` could else be what the loop reads.
template <int b, class F, bool planes>
void solve_stretch(const Stretch<planes> s, std::array<F, b> d, float* next) {
  for (int64_t t = 0; t < s.steps; ++t) {
    const std::array<F, b> before = d;
    for (int i = 0; i < b; ++i) {
      F h = load<F>(s.f + s.layout.f(t, i));
      for (int j = 0; j < b; ++j)
        h = multiply_add(load<F>(s.M + s.layout.M(t, i, j)), before[j], h);
      h = clip_rarely(h, s.bound_of(i));
      store<F>(next + s.layout.h(t, i), h);
      d[i] = h - load<F>(s.h + s.layout.h(t, i));
    }
  }
}

// The stretch as one affine map of d: d -> offset + map d.
template <int b, class F, bool planes>
void compose_stretch(const Stretch<planes>& s, F (&map)[b][b], F (&offset)[b]) {
  for (int64_t t = 0; t < s.steps; ++t) {
    F earlier[b][b], before[b];
    std::copy_n(&map[0][0], b * b, &earlier[0][0]);
    std::copy_n(offset, b, before);
    for (int i = 0; i < b; ++i) {
      offset[i] = load<F>(s.f + s.layout.f(t, i)) - load<F>(s.h + s.layout.h(t, i));
      for (int k = 0; k < b; ++k) map[i][k] = F{};
      for (int j = 0; j < b; ++j) {
        const F M = load<F>(s.M + s.layout.M(t, i, j));
        offset[i] = multiply_add(M, before[j], offset[i]);
        for (int k = 0; k < b; ++k) map[i][k] = multiply_add(M, earlier[j][k], map[i][k]);
      }
    }
  }
}

// All blocks of one sequence, of b values each.
template <int b, bool planes>
class Stored {
 public:
  explicit Stored(const LinearSweep& s)
      : s_(s),
        size_(s.chunked ? kChunk : std::max<int64_t>(s.T, 1)),
        chunks_((s.T + size_ - 1) / size_),
        starts_({chunks_, b, count()}),
        maps_({chunks_, b * b, count()}) {}

  void run() {
    each_block(0, count(), [&](int64_t n, int64_t q, auto type) {
      using F = decltype(type);
      for (int i = 0; i < b; ++i) {
        const int64_t at = layout().h(-1, i) + n;
        store<F>(start(0, i, q), load<F>(s_.next + at) - load<F>(s_.h + at));
      }
    });
    if (chunks_ == 1) {
      split_for(
          count(), kVectorWidth, [&](int64_t first, int64_t last) { solve(0, s_.T, first, last); },
          1);
      return;
    }
    if (chunks_ > 1) connect_chunks();
    parallel_for(s_.T, size_, [&](int64_t begin, int64_t end) { solve(begin, end, 0, count()); });
  }

 private:
  int64_t count() const { return planes ? s_.N : s_.N / b; }
  float* start(int64_t chunk, int i, int64_t q) const {  // d before a chunk
    return starts_.data() + (chunk * b + i) * count() + q;
  }
  float* map(int64_t chunk, int i, int j, int64_t q) const {
    return maps_.data() + (chunk * b * b + i * b + j) * count() + q;
  }
  Layout<planes> layout() const { return {s_.N, b, s_.f_plane, s_.plane, s_.T * s_.N}; }

  // Calls visit(first channel, block, F) for every block in [first, last), or every eight channels
  // of planes.
  template <class Visit>
  void each_block(int64_t first, int64_t last, Visit visit) const {
    int64_t q = first;
    if constexpr (planes)
      for (; q + kVectorWidth <= last; q += kVectorWidth) visit(q, q, Vector{});
    for (; q < last; ++q) visit(planes ? q : q * b, q, float{});
  }

  // Steps [begin, end), a chunk, of blocks [first, last).
  void solve(int64_t begin, int64_t end, int64_t first, int64_t last) const {
    each_block(first, last, [&](int64_t n, int64_t q, auto type) {
      using F = decltype(type);
      std::array<F, b> d;
      for (int i = 0; i < b; ++i) d[i] = load<F>(start(begin / size_, i, q));
      solve_stretch<b, F, planes>(stretch(begin, end, n), d, s_.next + layout().h(begin, 0) + n);
    });
  }

  Stretch<planes> stretch(int64_t begin, int64_t end, int64_t n) const {
    const Layout<planes> l = layout();
    return {end - begin,
            s_.f + l.f(begin, 0) + n,
            s_.h + l.h(begin, 0) + n,
            s_.M + l.M(begin, 0, 0) + (planes ? n : n * b),
            s_.bound,
            l};
  }

  // What every chunk starts with: the maps of all chunks at once, then through them in order.
  void connect_chunks() {
    parallel_for((chunks_ - 1) * size_, size_, [&](int64_t begin, int64_t end) {
      const int64_t c = begin / size_;
      each_block(0, count(), [&](int64_t n, int64_t q, auto type) {
        using F = decltype(type);
        F whole[b][b] = {}, offset[b] = {};
        for (int i = 0; i < b; ++i) whole[i][i] = F{} + 1;
        compose_stretch<b, F, planes>(stretch(begin, end, n), whole, offset);
        for (int i = 0; i < b; ++i) {
          store<F>(start(c + 1, i, q), offset[i]);
          for (int j = 0; j < b; ++j) store<F>(map(c, i, j, q), whole[i][j]);
        }
      });
    });
    for (int64_t c = 1; c < chunks_; ++c)
      for (int64_t q = 0; q < count(); ++q)
        for (int i = 0; i < b; ++i) {
          float& d = *start(c, i, q);
          for (int j = 0; j < b; ++j)
            d = multiply_add(*map(c - 1, i, j, q), *start(c - 1, j, q), d);
          // A composed map knows no clip; the difference of two states does.
          d = clip(d, 2 * stretch(0, 0, 0).bound_of(i));
        }
  }

  const LinearSweep& s_;
  const int64_t size_, chunks_;
  Tensor starts_;  // [chunks, b, blocks]
  Tensor maps_;    // [chunks, b b, blocks]
};

// M_t d for one step: y = R d, slopes as cell_slopes leaves them; channel i of plane 0 (and 1).
template <Cell cell>
struct Applied {
  const float *slope, *y, *d, *d_memory;
  int64_t plane, gate;

  float sum(int64_t i) const {
    if constexpr (cell == Cell::tanh) return slope[i] * y[i];
    if constexpr (cell == Cell::leaky) return multiply_add(slope[plane + i], d[i], slope[i] * y[i]);
    constexpr int64_t G = gates_of(cell);
    float sum = multiply_add(slope[plane + i], y[gate + i], slope[i] * y[i]);
    if constexpr (cell != Cell::cifg)
      sum = multiply_add(slope[2 * plane + i], y[2 * gate + i], sum);
    return multiply_add(slope[G * plane + i], has_memory(cell) ? d_memory[i] : d[i], sum);
  }
  float output(int64_t i, float dc) const {  // of a cell with a memory
    constexpr int64_t G = gates_of(cell);
    return multiply_add(slope[(G - 1) * plane + i], y[(G - 1) * gate + i],
                        slope[(G + 1) * plane + i] * dc);
  }
};

template <Cell cell>
void sweep_applied(const BlockProduct& product, const LinearSweep& s) {
  const int64_t N = s.N;
  const Tensor change = Tensor::empty({planes_of(cell), N});
  const Tensor y = Tensor::empty({product.vector_stride()});
  float *d = change.data(), *d_memory = d + (planes_of(cell) - 1) * N;
  const float *h = s.h, *c = s.h + s.plane, *fc = s.f + s.f_plane;
  float *next = s.next, *next_c = s.next + s.plane;
  const float bound = s.bound;
  for (int64_t i = 0; i < N; ++i) d[i] = next[i - N] - h[i - N];
  for (int64_t i = 0; i < N && has_memory(cell); ++i) d_memory[i] = next_c[i - N] - c[i - N];
  for (int64_t t = 0; t < s.T; ++t) {
    const float* from = d;
    product.apply(1, &from, y.data());
    const Applied<cell> M{s.M + t * N, y.data(), d, d_memory, s.T * N, product.stride()};
    const int64_t row = t * N;
#pragma omp simd
    for (int64_t i = 0; i < N; ++i) {
      float Md = M.sum(i);
      if constexpr (has_memory(cell)) {
        const float dc = Md;
        next_c[row + i] = clip(fc[row + i] + dc, kMemoryBound);
        d_memory[i] = next_c[row + i] - c[row + i];
        Md = M.output(i, dc);
      }
      next[row + i] = clip(s.f[row + i] + Md, bound);
      d[i] = next[row + i] - h[row + i];
    }
  }
}

}  // namespace

void sweep_channels(int64_t planes, const LinearSweep& s) {
  if (planes > 1)
    Stored<2, true>(s).run();
  else
    Stored<1, true>(s).run();
}

void sweep_blocks(const LinearSweep& s) {
  switch (s.block) {
    case 2:
      return Stored<2, false>(s).run();
    case 3:
      return Stored<3, false>(s).run();
    default:
      return Stored<4, false>(s).run();
  }
}

void sweep_applied(Cell cell, const BlockProduct& product, const LinearSweep& s) {
  switch (cell) {
    case Cell::tanh:
      return sweep_applied<Cell::tanh>(product, s);
    case Cell::gru:
      return sweep_applied<Cell::gru>(product, s);
    case Cell::lstm:
      return sweep_applied<Cell::lstm>(product, s);
    case Cell::cifg:
      return sweep_applied<Cell::cifg>(product, s);
    case Cell::leaky:
      return sweep_applied<Cell::leaky>(product, s);
  }
}

}  // namespace longhaul
