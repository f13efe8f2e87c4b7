// The real gated recurrence, elementwise:
//
//   value    x_t = a_t x_{t-1} + b_t
//   reverse  g_t = dx_t + a_{t+1} g_{t+1},  db_t = g_t,  da_t = g_t x_{t-1}
//
// A chunk (math/scans/scan.h) is scanned in order of time and vectorised over channels. Where a
// sequence has several, a first pass finds the product of each chunk's gates and what it adds to a
// state of zero, the borders are combined in order (x_border = product * x_earlier + added), and a
// second pass scans every chunk from its true start.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/scans/scan.h"

namespace longhaul {
namespace {

// A batch of scans of N channels.
struct Scan : ScanCut {
  int64_t N;
  const float* a;
  bool fixed;  // one row of gates for all positions

  Scan(const Tensor& gates, const Shape& shape)
      : ScanCut(shape[0], shape[1]), N(shape[2]), a(gates.data()), fixed(gates.rank() == 1) {}
  int64_t at(int64_t item, int64_t t) const { return row(item, t) * N; }
  const float* gates(int64_t offset) const { return fixed ? a : a + offset; }
};

// borders[to] = products[from] * borders[from] + borders[to], chunk after chunk along each
// sequence.
void combine(const Scan& s, float* borders, const float* products, int direction) {
  for (int64_t b = 0; b < s.B; ++b)
    for (int64_t i = 1; i < s.count; ++i) {
      const int64_t to = b * s.count + (direction > 0 ? i : s.count - 1 - i), from = to - direction;
      for (int64_t n = 0; n < s.N; ++n)
        borders[to * s.N + n] =
            std::fma(products[from * s.N + n], borders[from * s.N + n], borders[to * s.N + n]);
    }
}

// The state before each chunk (direction 1, over b), or what the later chunks add to the gradient
// at each chunk's end (direction -1, over dx): [B, count, N].
Tensor borders(const Scan& s, const float* in, int direction) {
  Tensor borders({s.B, s.count, s.N});
  if (s.count < 2) return borders;
  const Tensor products({s.B, s.count, s.N}, 1);
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count, next = c + direction;
    if (next < 0 || next == s.count) return;
    float *state = borders.data() + (item + direction) * s.N, *p = products.data() + item * s.N;
    for (int64_t i = 0; i < s.end(c) - s.begin(c); ++i) {
      const int64_t row = s.at(item, direction > 0 ? s.begin(c) + i : s.end(c) - 1 - i);
      const float *a = s.gates(row), *u = in + row;
      // NOLINTNEXTLINE(bugprone-branch-clone): it takes any two loops under a pragma for the same
      if (direction > 0) {
#pragma omp simd
        for (int64_t n = begin; n < end; ++n) state[n] = std::fma(a[n], state[n], u[n]);
      } else {
#pragma omp simd
        for (int64_t n = begin; n < end; ++n) state[n] = a[n] * (state[n] + u[n]);
      }
#pragma omp simd
      for (int64_t n = begin; n < end; ++n) p[n] *= a[n];
    }
  });
  combine(s, borders.data(), products.data(), direction);
  return borders;
}

// One position of the reverse step. `carry`: in a_{t+1} g_{t+1}, out a_t g_t.
struct Row {
  const float *a, *dx, *before;  // `before` is x_{t-1}, null at the start
  float *carry, *da, *db;        // of da and db, null where none is wanted
  bool add_a, add_b;             // whether they are added to, or written
};

void step_back(int64_t begin, int64_t end, const Row& r) {
  const float *a = r.a, *dx = r.dx, *before = r.before;
  float *carry = r.carry, *da = r.da, *db = r.db;
  if (da && before) {
#pragma omp simd
    for (int64_t n = begin; n < end; ++n) {
      da[n] = std::fma(carry[n] + dx[n], before[n], r.add_a ? da[n] : 0.0f);
    }
  } else if (da && !r.add_a) {
    std::fill(da + begin, da + end, 0.0f);
  }
#pragma omp simd
  for (int64_t n = begin; n < end; ++n) carry[n] += dx[n];
  if (db) {
#pragma omp simd
    for (int64_t n = begin; n < end; ++n) db[n] = r.add_b ? db[n] + carry[n] : carry[n];
  }
#pragma omp simd
  for (int64_t n = begin; n < end; ++n) carry[n] *= a[n];
}

void reverse(const Tensor& a, const Tensor& b, const Tensor& x) {
  const Scan s(a, x.shape());
  const float* dx = x.grad();
  const Tensor carries = borders(s, dx, -1);
  const Tensor sums({s.fixed ? s.chunks() : 0, s.N});  // each chunk's share of the fixed gates' da
  constexpr GradTarget kNone{nullptr, false};
  const GradTarget da = a.needs_grad() && !s.fixed ? a.grad_target() : kNone;
  const GradTarget db = b.needs_grad() ? b.grad_target() : kNone;
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    for (int64_t t = s.end(c) - 1; t >= s.begin(c); --t) {
      const int64_t row = s.at(item, t);
      float* to_a = s.fixed ? sums.data() + item * s.N : da.data ? da.data + row : nullptr;
      step_back(begin, end,
                {s.gates(row), dx + row, t > 0 ? x.data() + row - s.N : nullptr,
                 carries.data() + item * s.N, to_a, db.data ? db.data + row : nullptr,
                 s.fixed || da.accumulate, db.accumulate});
    }
  });
  if (s.fixed && a.needs_grad()) {
    float* sum = a.grad();
    for (int64_t item = 0; item < s.chunks(); ++item)
      for (int64_t n = 0; n < s.N; ++n) sum[n] += sums.data()[item * s.N + n];
  }
  count_flops(4 * s.B * s.T * s.N);
}

}  // namespace

Tensor gated_scan(const Tensor& a, const Tensor& b) {
  require(b.rank() == 3 && (a.shape() == b.shape() || a.shape() == Shape{b.dim(2)}),
          "gated_scan: a ", a.shape(), " for b ", b.shape(),
          ", not [B, T, N] or [N] for [B, T, N]");
  const Scan s(a, b.shape());
  const Tensor before = borders(s, b.data(), 1);
  Tensor x = Tensor::empty(b.shape());
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    const float* state = before.data() + item * s.N;
    for (int64_t t = s.begin(c); t < s.end(c); ++t) {
      const int64_t row = s.at(item, t);
      const float *gate = s.gates(row), *u = b.data() + row;
      float* out = x.data() + row;
#pragma omp simd
      for (int64_t n = begin; n < end; ++n) out[n] = std::fma(gate[n], state[n], u[n]);
      state = out;
    }
  });
  count_flops(2 * s.B * s.T * s.N);
  record(x, {a, b}, [=] { reverse(a, b, x); });
  return x;
}

}  // namespace longhaul
