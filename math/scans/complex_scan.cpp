// The complex diagonal recurrence x_t = lambda * x_{t-1} + u_t, written with r, i for real and
// imaginary parts:
//
//   value    x^r_t = l^r x^r_{t-1} - l^i x^i_{t-1} + u^r_t
//            x^i_t = l^r x^i_{t-1} + l^i x^r_{t-1} + u^i_t
//   reverse  g_t = dx_t + conj(lambda) g_{t+1},  du_t = g_t,  dlambda = sum_t g_t conj(x_{t-1}):
//            g^r_t = dx^r_t + l^r g^r_{t+1} + l^i g^i_{t+1}
//            g^i_t = dx^i_t + l^r g^i_{t+1} - l^i g^r_{t+1}
//            dl^r = sum_t g^r_t x^r_{t-1} + g^i_t x^i_{t-1}
//            dl^i = sum_t g^i_t x^r_{t-1} - g^r_t x^i_{t-1}
//
// A chunk (math/scans/scan.h) is scanned in order of time and vectorised over channels. Where a
// sequence has several, a first pass finds what each chunk adds to the state at its border, the
// borders are combined in order (x_border = lambda^size x_earlier + added), and a second pass scans
// every chunk from its true start.
#include <algorithm>
#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/scans/scan.h"

namespace longhaul {
namespace {

// A batch of scans of N complex channels.
struct Scan : ScanCut {
  int64_t N;
  const float* lambda;

  Scan(const Tensor& l, const Shape& shape)
      : ScanCut(shape[0], shape[1]), N(shape[2] / 2), lambda(l.data()) {}
  int64_t at(int64_t item, int64_t t) const { return row(item, t) * 2 * N; }
};

struct Channels {
  int64_t begin, end;
};

// out = lambda * before + u; `out` may be `before`.
void step(const Scan& s, const Channels& c, const float* before, const float* u, float* out) {
  const int64_t N = s.N;
  const float *lr = s.lambda, *li = lr + N;
#pragma omp simd
  for (int64_t n = c.begin; n < c.end; ++n) {
    const float re = before[n], im = before[N + n];
    out[n] = std::fma(lr[n], re, std::fma(-li[n], im, u[n]));
    out[N + n] = std::fma(lr[n], im, std::fma(li[n], re, u[N + n]));
  }
}

// out = conj(lambda) * after + dx; `out` may be `after`.
void step_back(const Scan& s, const Channels& c, const float* after, const float* dx, float* out) {
  const int64_t N = s.N;
  const float *lr = s.lambda, *li = lr + N;
#pragma omp simd
  for (int64_t n = c.begin; n < c.end; ++n) {
    const float re = after[n], im = after[N + n];
    out[n] = std::fma(lr[n], re, std::fma(li[n], im, dx[n]));
    out[N + n] = std::fma(lr[n], im, std::fma(-li[n], re, dx[N + n]));
  }
}

// step_back, and sum += out * conj(x)
void step_back(const Scan& s, const Channels& c, const float* after, const float* dx, float* out,
               const float* x, float* sum) {
  const int64_t N = s.N;
  const float *lr = s.lambda, *li = lr + N;
#pragma omp simd
  for (int64_t n = c.begin; n < c.end; ++n) {
    const float re = after[n], im = after[N + n], xr = x[n], xi = x[N + n];
    const float gr = std::fma(lr[n], re, std::fma(li[n], im, dx[n]));
    const float gi = std::fma(lr[n], im, std::fma(-li[n], re, dx[N + n]));
    out[n] = gr;
    out[N + n] = gi;
    sum[n] = std::fma(gr, xr, std::fma(gi, xi, sum[n]));
    sum[N + n] = std::fma(gi, xr, std::fma(-gr, xi, sum[N + n]));
  }
}

struct Complex {
  double re, im;
};
Complex operator*(const Complex& x, const Complex& y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}

// x to the n-th power, n > 0, by squares.
Complex to_the(int64_t n, Complex x) {
  Complex power{1, 0};
  for (; n > 0; n /= 2, x = x * x)
    if (n % 2) power = power * x;
  return power;
}

// borders[c] += power * borders[c - direction] along each sequence, power = lambda^size or its
// conjugate: turns what each chunk adds into the state at each border.
void combine(const Scan& s, float* borders, int direction) {
  for (int64_t n = 0; n < s.N; ++n) {
    const Complex power = to_the(s.size, {s.lambda[n], direction * s.lambda[s.N + n]});
    const auto re = static_cast<float>(power.re), im = static_cast<float>(power.im);
    for (int64_t b = 0; b < s.B; ++b) {
      for (int64_t i = 1; i < s.count; ++i) {
        const int64_t c = direction > 0 ? i : s.count - 1 - i;
        float* here = borders + (b * s.count + c) * 2 * s.N + n;
        const float* there = here - direction * 2 * s.N;
        here[0] = std::fma(re, there[0], std::fma(-im, there[s.N], here[0]));
        here[s.N] = std::fma(re, there[s.N], std::fma(im, there[0], here[s.N]));
      }
    }
  }
}

// The state before each chunk, [B, count, 2N].
Tensor states_before(const Scan& s, const float* u) {
  Tensor borders({s.B, s.count, 2 * s.N});
  if (s.count < 2) return borders;
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    if (c + 1 == s.count) return;
    float* state = borders.data() + (item + 1) * 2 * s.N;
    for (int64_t t = s.begin(c); t < s.end(c); ++t)
      step(s, {begin, end}, state, u + s.at(item, t), state);
  });
  combine(s, borders.data(), 1);
  return borders;
}

// g at the first position after each chunk, [B, count, 2N].
Tensor gradients_after(const Scan& s, const float* dx) {
  Tensor borders({s.B, s.count, 2 * s.N});
  if (s.count < 2) return borders;
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    if (c == 0) return;
    float* g = borders.data() + (item - 1) * 2 * s.N;
    for (int64_t t = s.end(c) - 1; t >= s.begin(c); --t)
      step_back(s, {begin, end}, g, dx + s.at(item, t), g);
  });
  combine(s, borders.data(), -1);
  return borders;
}

void reverse(const Tensor& lambda, const Tensor& u, const Tensor& x) {
  const Scan s(lambda, x.shape());
  const int64_t width = 2 * s.N;
  const float* dx = x.grad();
  const Tensor after = gradients_after(s, dx);
  Tensor sums({s.chunks(), width});  // each chunk's share of dlambda
  const GradTarget du = u.needs_grad() ? u.grad_target() : GradTarget{nullptr, false};
  const bool direct = du.data && !du.accumulate;  // g may be written where du wants it
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    const Channels channels{begin, end};
    float* border = after.data() + item * width;
    const float* g = border;
    for (int64_t t = s.end(c) - 1; t >= s.begin(c); --t) {
      const int64_t row = s.at(item, t);
      float* out = direct ? du.data + row : border;
      if (t > 0)
        step_back(s, channels, g, dx + row, out, x.data() + row - width,
                  sums.data() + item * width);
      else
        step_back(s, channels, g, dx + row, out);
      if (du.data && !direct) {
        for (const int64_t part : {int64_t{0}, s.N}) {
#pragma omp simd
          for (int64_t i = part + begin; i < part + end; ++i) du.data[row + i] += out[i];
        }
      }
      g = out;
    }
  });
  if (lambda.needs_grad()) {
    float* dlambda = lambda.grad();
    for (int64_t item = 0; item < s.chunks(); ++item)
      for (int64_t i = 0; i < width; ++i) dlambda[i] += sums.data()[item * width + i];
  }
  count_flops(16 * s.B * s.T * s.N);
}

}  // namespace

Tensor complex_scan(const Tensor& lambda, const Tensor& u) {
  require(u.rank() == 3 && u.dim(2) % 2 == 0 && lambda.shape() == Shape{u.dim(2)},
          "complex_scan: lambda ", lambda.shape(), " for u ", u.shape(),
          ", not [2N] for [B, T, 2N]");
  const Scan s(lambda, u.shape());
  const Tensor before = states_before(s, u.data());
  Tensor x = Tensor::empty(u.shape());
  for_scans(s, s.N, [&](int64_t item, int64_t begin, int64_t end) {
    const int64_t c = item % s.count;
    const float* state = before.data() + item * 2 * s.N;
    for (int64_t t = s.begin(c); t < s.end(c); ++t) {
      float* out = x.data() + s.at(item, t);
      step(s, {begin, end}, state, u.data() + s.at(item, t), out);
      state = out;
    }
  });
  count_flops(8 * s.B * s.T * s.N);
  record(x, {lambda, u}, [=] { reverse(lambda, u, x); });
  return x;
}

}  // namespace longhaul
