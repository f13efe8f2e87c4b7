// The cells of nonlinear_recurrence, elementwise: values, Jacobians and their transposes. h', c' is
// the previous state, p = R h'.
//
//   tanh  h = tanh(u + p)                              dh/dp = 1 - h^2
//   gru   r = sigmoid(u^r + p^r)  z = sigmoid(u^z + p^z)  m = p^n  n = tanh(u^n + r m)
//         h = (1 - z) n + z h'
//         dh/dp^n = (1 - z)(1 - n^2) r    dh/dp^r = (1 - z)(1 - n^2) m r (1 - r)
//         dh/dp^z = (h' - n) z (1 - z)    dh/dh' = z, beside what passes through p = R h'
//   lstm  i, f, o = sigmoid(u + p)  g = tanh(u^g + p^g)  c = f c' + i g  h = o tanh(c)
//         dc/dp^i = g i (1 - i)    dc/dp^f = c' f (1 - f)    dc/dp^g = i (1 - g^2)    dc/dc' = f
//         dh/dp^o = tanh(c) o (1 - o)    dh/dc = o (1 - tanh(c)^2)
//   cifg  f = sigmoid(u^f + p^f + P^f c')  c = f c' + (1 - f) g  o = sigmoid(u^o + p^o + P^o c)
//         dc/dp^f = (c' - g) f (1 - f)    dc/dp^g = (1 - f)(1 - g^2)    dc/dc' = f + P^f dc/dp^f
//         dh/dp^o as above                dh/dc = o (1 - tanh(c)^2) + P^o dh/dp^o
//   leaky z = tanh(u + p)  h = f h' + (1 - f) z        dh/dp = (1 - f)(1 - z^2)    dh/dh' = f
#include "math/recurrence/cell.h"

#include <algorithm>
#include <cmath>

#include "math/kernels/vmath.h"

namespace longhaul {
namespace {

void gru_values(int64_t n, const CellInput& in, const CellOutput& out) {
  const float *u = in.u, *p = in.p, *h = in.h;
  const float *uz = u + in.u_stride, *un = uz + in.u_stride;
  const float *pz = p + in.p_stride, *pn = pz + in.p_stride;
  float* value = out.value;
  float *gr = out.kept, *gz = gr + out.kept_stride, *gn = gz + out.kept_stride,
        *gm = gn + out.kept_stride;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float r = vmath::sigmoid(u[i] + p[i]), z = vmath::sigmoid(uz[i] + pz[i]);
    const float m = pn[i], c = vmath::tanh(std::fma(r, m, un[i]));
    gr[i] = r;
    gz[i] = z;
    gn[i] = c;
    gm[i] = m;
    value[i] = std::fma(z, h[i] - c, c);
  }
}

void lstm_values(int64_t n, const CellInput& in, const CellOutput& out) {
  const float *u = in.u, *p = in.p, *before = in.c;
  const float *uf = u + in.u_stride, *ug = uf + in.u_stride, *uo = ug + in.u_stride;
  const float *pf = p + in.p_stride, *pg = pf + in.p_stride, *po = pg + in.p_stride;
  float *value = out.value, *memory = out.c;
  float *gi = out.kept, *gf = gi + out.kept_stride, *gg = gf + out.kept_stride,
        *go = gg + out.kept_stride, *gt = go + out.kept_stride;
#pragma omp simd
  for (int64_t k = 0; k < n; ++k) {
    const float i = vmath::sigmoid(u[k] + p[k]), f = vmath::sigmoid(uf[k] + pf[k]);
    const float g = vmath::tanh(ug[k] + pg[k]), o = vmath::sigmoid(uo[k] + po[k]);
    const float c = std::fma(f, before[k], i * g), t = vmath::tanh(c);
    gi[k] = i;
    gf[k] = f;
    gg[k] = g;
    go[k] = o;
    gt[k] = t;
    memory[k] = c;
    value[k] = o * t;
  }
}

void gru_slopes(int64_t n, const CellOutput& at, const float* h, float* slopes, int64_t stride) {
  const float *gr = at.kept, *gz = gr + at.kept_stride, *gn = gz + at.kept_stride,
              *gm = gn + at.kept_stride;
  float *sr = slopes, *sz = sr + stride, *sn = sz + stride, *keep = sn + stride;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float r = gr[i], z = gz[i], c = gn[i], dc = (1 - z) * std::fma(-c, c, 1.0f);
    sr[i] = dc * gm[i] * r * (1 - r);
    sz[i] = (h[i] - c) * z * (1 - z);
    sn[i] = dc * r;
    keep[i] = z;
  }
}

void lstm_slopes(int64_t n, const CellOutput& at, const float* before, float* slopes,
                 int64_t stride) {
  const float *gi = at.kept, *gf = gi + at.kept_stride, *gg = gf + at.kept_stride,
              *go = gg + at.kept_stride, *gt = go + at.kept_stride;
  float *si = slopes, *sf = si + stride, *sg = sf + stride, *so = sg + stride, *keep = so + stride,
        *link = keep + stride;
#pragma omp simd
  for (int64_t k = 0; k < n; ++k) {
    const float i = gi[k], f = gf[k], g = gg[k], o = go[k], t = gt[k];
    si[k] = g * i * (1 - i);
    sf[k] = before[k] * f * (1 - f);
    sg[k] = i * std::fma(-g, g, 1.0f);
    so[k] = t * o * (1 - o);
    keep[k] = f;
    link[k] = o * std::fma(-t, t, 1.0f);
  }
}

void gru_reverse(int64_t n, const CellOutput& at, const float* h, const CellGradient& g) {
  const float *direct = g.direct, *through = g.through;
  float* carried = g.carried;
  const float *gr = at.kept, *gz = gr + at.kept_stride, *gn = gz + at.kept_stride,
              *gm = gn + at.kept_stride;
  float *ar = g.a, *az = ar + n, *an = az + n, *dur = g.du, *duz = dur + n, *dun = duz + n;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float dh = direct[i] + through[i] + carried[i];
    const float r = gr[i], z = gz[i], c = gn[i], dc = dh * (1 - z) * std::fma(-c, c, 1.0f);
    const float dr = dc * gm[i] * r * (1 - r), dz = dh * (h[i] - c) * z * (1 - z);
    ar[i] = dr;
    az[i] = dz;
    an[i] = dc * r;
    dur[i] = dr;
    duz[i] = dz;
    dun[i] = dc;
    carried[i] = dh * z;
  }
}

void lstm_reverse(int64_t n, const CellOutput& at, const float* before, const CellGradient& g) {
  const float *direct = g.direct, *through = g.through;
  float* carried = g.carried;
  const float *gi = at.kept, *gf = gi + at.kept_stride, *gg = gf + at.kept_stride,
              *go = gg + at.kept_stride, *gt = go + at.kept_stride;
  float *ai = g.a, *af = ai + n, *ag = af + n, *ao = ag + n;
#pragma omp simd
  for (int64_t k = 0; k < n; ++k) {
    const float i = gi[k], f = gf[k], g_ = gg[k], o = go[k], t = gt[k];
    const float dh = direct[k] + through[k],
                dc = std::fma(dh * o, std::fma(-t, t, 1.0f), carried[k]);
    ai[k] = dc * g_ * i * (1 - i);
    af[k] = dc * before[k] * f * (1 - f);
    ag[k] = dc * i * std::fma(-g_, g_, 1.0f);
    ao[k] = dh * t * o * (1 - o);
    carried[k] = dc * f;
  }
}

// Calls piece(first, n) for each stretch of `period` positions.
template <class F>
void each_period(int64_t n, int64_t period, F piece) {
  for (int64_t first = 0; first < n; first += period) piece(first, std::min(period, n - first));
}

void leaky_values(int64_t n, const CellInput& in, const CellOutput& out) {
  each_period(n, in.leak_width, [&](int64_t first, int64_t count) {
    const float f = in.leak[first / in.leak_width];
    const float *u = in.u + first, *p = in.p + first, *h = in.h + first;
    float *value = out.value + first, *leak = out.kept + first, *z = leak + out.kept_stride;
#pragma omp simd
    for (int64_t i = 0; i < count; ++i) {
      leak[i] = f;
      z[i] = vmath::tanh(u[i] + p[i]);
      value[i] = std::fma(f, h[i], (1 - f) * z[i]);
    }
  });
}

void leaky_slopes(int64_t n, const CellOutput& at, float* slopes, int64_t stride) {
  const float *f = at.kept, *z = f + at.kept_stride;
  float *slope = slopes, *keep = slopes + stride;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    slope[i] = (1 - f[i]) * std::fma(-z[i], z[i], 1.0f);
    keep[i] = f[i];
  }
}

void cifg_values(int64_t n, const CellInput& in, const CellOutput& out,
                 const Peepholes& peepholes) {
  each_period(n, peepholes.period, [&](int64_t first, int64_t count) {
    const float *to_f = peepholes.values, *to_o = to_f + peepholes.period;
    const float *u = in.u + first, *p = in.p + first, *before = in.c + first;
    const float *ug = u + in.u_stride, *uo = ug + in.u_stride;
    const float *pg = p + in.p_stride, *po = pg + in.p_stride;
    float *value = out.value + first, *memory = out.c + first;
    float *gf = out.kept + first, *gg = gf + out.kept_stride, *go = gg + out.kept_stride,
          *gt = go + out.kept_stride;
#pragma omp simd
    for (int64_t k = 0; k < count; ++k) {
      const float f = vmath::sigmoid(std::fma(to_f[k], before[k], u[k] + p[k]));
      const float g = vmath::tanh(ug[k] + pg[k]);
      const float c = std::fma(f, before[k] - g, g), t = vmath::tanh(c);
      const float o = vmath::sigmoid(std::fma(to_o[k], c, uo[k] + po[k]));
      gf[k] = f;
      gg[k] = g;
      go[k] = o;
      gt[k] = t;
      memory[k] = c;
      value[k] = o * t;
    }
  });
}

void cifg_slopes(int64_t n, const CellOutput& at, const float* c, float* slopes, int64_t stride,
                 const Peepholes& peepholes) {
  each_period(n, peepholes.period, [&](int64_t first, int64_t count) {
    const float *to_f = peepholes.values, *to_o = to_f + peepholes.period, *before = c + first;
    const float *gf = at.kept + first, *gg = gf + at.kept_stride, *go = gg + at.kept_stride,
                *gt = go + at.kept_stride;
    float *sf = slopes + first, *sg = sf + stride, *so = sg + stride, *keep = so + stride,
          *link = keep + stride;
#pragma omp simd
    for (int64_t k = 0; k < count; ++k) {
      const float f = gf[k], g = gg[k], o = go[k], t = gt[k];
      const float of_f = (before[k] - g) * f * (1 - f), of_o = t * o * (1 - o);
      sf[k] = of_f;
      sg[k] = (1 - f) * std::fma(-g, g, 1.0f);
      so[k] = of_o;
      keep[k] = std::fma(of_f, to_f[k], f);
      link[k] = std::fma(of_o, to_o[k], o * std::fma(-t, t, 1.0f));
    }
  });
}

void cifg_reverse(int64_t n, const CellOutput& at, const float* c, const CellGradient& to,
                  const Peepholes& peepholes) {
  each_period(n, peepholes.period, [&](int64_t first, int64_t count) {
    const float *to_f = peepholes.values, *to_o = to_f + peepholes.period, *before = c + first;
    const float *direct = to.direct + first, *through = to.through + first;
    float* carried = to.carried + first;
    const float *gf = at.kept + first, *gg = gf + at.kept_stride, *go = gg + at.kept_stride,
                *gt = go + at.kept_stride;
    float *af = to.a + first, *ag = af + n, *ao = ag + n;
#pragma omp simd
    for (int64_t k = 0; k < count; ++k) {
      const float f = gf[k], g = gg[k], o = go[k], t = gt[k];
      const float dh = direct[k] + through[k], of_o = dh * t * o * (1 - o);
      const float dc = std::fma(of_o, to_o[k], std::fma(dh * o, std::fma(-t, t, 1.0f), carried[k]));
      const float of_f = dc * (before[k] - g) * f * (1 - f);
      af[k] = of_f;
      ag[k] = dc * (1 - f) * std::fma(-g, g, 1.0f);
      ao[k] = of_o;
      carried[k] = std::fma(of_f, to_f[k], dc * f);
    }
  });
}

}  // namespace

void cell_values(Cell cell, int64_t n, const CellInput& in, const CellOutput& out,
                 const Peepholes& peepholes) {
  if (cell == Cell::cifg) return cifg_values(n, in, out, peepholes);
  if (cell == Cell::gru) return gru_values(n, in, out);
  if (cell == Cell::lstm) return lstm_values(n, in, out);
  if (cell == Cell::leaky) return leaky_values(n, in, out);
  const float *u = in.u, *p = in.p;
  float* value = out.value;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) value[i] = vmath::tanh(u[i] + p[i]);
}

void cell_slopes(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                 float* slopes, int64_t stride, const Peepholes& peepholes) {
  if (cell == Cell::cifg) return cifg_slopes(n, at, c, slopes, stride, peepholes);
  if (cell == Cell::gru) return gru_slopes(n, at, h, slopes, stride);
  if (cell == Cell::lstm) return lstm_slopes(n, at, c, slopes, stride);
  if (cell == Cell::leaky) return leaky_slopes(n, at, slopes, stride);
  const float* f = at.value;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) slopes[i] = std::fma(-f[i], f[i], 1.0f);
}

void cell_reverse(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                  const CellGradient& g, const Peepholes& peepholes) {
  if (cell == Cell::cifg) return cifg_reverse(n, at, c, g, peepholes);
  if (cell == Cell::gru) return gru_reverse(n, at, h, g);
  if (cell == Cell::lstm) return lstm_reverse(n, at, c, g);
  const float *f = at.value, *direct = g.direct, *through = g.through;
  float* a = g.a;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) a[i] = (direct[i] + through[i]) * std::fma(-f[i], f[i], 1.0f);
}

}  // namespace longhaul
