// The cells of nonlinear_recurrence, elementwise: values, Jacobians and their transposes.
//
//   tanh  h = tanh(u + p)                              dh/dp = 1 - h^2
//   gru   r = sigmoid(u^r + p^r)  z = sigmoid(u^z + p^z)  m = p^n  c = tanh(u^n + r m)
//         h = (1 - z) c + z h'
//         dh/dp^n = (1 - z)(1 - c^2) r    dh/dp^r = (1 - z)(1 - c^2) m r (1 - r)
//         dh/dp^z = (h' - c) z (1 - z)    dh/dh' = z, beside what passes through p = R h'
#include "math/recurrence.h"
#include "math/vmath.h"

namespace longhaul {

void cell_values(Cell cell, int64_t n, const CellInput& in, const CellOutput& out) {
  const float *u = in.u, *p = in.p, *h = in.h;
  float* value = out.value;
  if (cell == Cell::tanh) {
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) value[i] = vmath::tanh(u[i] + p[i]);
    return;
  }
  const float *uz = u + in.u_stride, *un = uz + in.u_stride;
  const float *pz = p + in.p_stride, *pn = pz + in.p_stride;
  float *gr = out.gates, *gz = gr + out.gate_stride, *gc = gz + out.gate_stride,
        *gm = gc + out.gate_stride;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float r = vmath::sigmoid(u[i] + p[i]), z = vmath::sigmoid(uz[i] + pz[i]);
    const float m = pn[i], c = vmath::tanh(un[i] + r * m);
    gr[i] = r;
    gz[i] = z;
    gc[i] = c;
    gm[i] = m;
    value[i] = c + z * (h[i] - c);
  }
}

void cell_slopes(Cell cell, int64_t n, const CellOutput& at, const float* h, float* slopes,
                 int64_t slope_stride, float* keep) {
  if (cell == Cell::tanh) {
    const float* f = at.value;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) slopes[i] = 1 - f[i] * f[i];
    return;
  }
  const float *gr = at.gates, *gz = gr + at.gate_stride, *gc = gz + at.gate_stride,
              *gm = gc + at.gate_stride;
  float *sr = slopes, *sz = sr + slope_stride, *sn = sz + slope_stride;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float r = gr[i], z = gz[i], c = gc[i], dc = (1 - z) * (1 - c * c);
    sr[i] = dc * gm[i] * r * (1 - r);
    sz[i] = (h[i] - c) * z * (1 - z);
    sn[i] = dc * r;
    keep[i] = z;
  }
}

void cell_reverse(Cell cell, int64_t n, const CellOutput& at, const float* h,
                  const CellGradient& g) {
  const float *direct = g.direct, *through = g.through;
  float *a = g.a, *kept = g.kept;
  if (cell == Cell::tanh) {
    const float* f = at.value;
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) a[i] = (direct[i] + through[i]) * (1 - f[i] * f[i]);
    return;
  }
  const float *gr = at.gates, *gz = gr + at.gate_stride, *gc = gz + at.gate_stride,
              *gm = gc + at.gate_stride;
  float *az = a + n, *an = az + n, *dur = g.du, *duz = dur + n, *dun = duz + n;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float dh = direct[i] + through[i] + kept[i];
    const float r = gr[i], z = gz[i], c = gc[i], dc = dh * (1 - z) * (1 - c * c);
    const float dr = dc * gm[i] * r * (1 - r), dz = dh * (h[i] - c) * z * (1 - z);
    a[i] = dr;
    az[i] = dz;
    an[i] = dc * r;
    dur[i] = dr;
    duz[i] = dz;
    dun[i] = dc;
    kept[i] = dh * z;
  }
}

}  // namespace longhaul
