#pragma once

#include <cstdint>

#include "longhaul/ops.h"

namespace longhaul {

// u and R come in `gates_of` gates; a state has `planes_of` planes of N values, h first. The
// reverse step keeps `kept_of` arrays: gru r, z, n, R^n h'; lstm i, f, g, o, tanh c; cifg the same
// without i; leaky f, tanh. A Jacobian is given by `slopes_of` arrays (cell_slopes).
constexpr int64_t gates_of(Cell cell) {
  return cell == Cell::tanh || cell == Cell::leaky ? 1 : cell == Cell::lstm ? 4 : 3;
}
constexpr bool has_memory(Cell cell) { return cell == Cell::lstm || cell == Cell::cifg; }
constexpr bool keeps_state(Cell cell) { return cell == Cell::gru || cell == Cell::leaky; }
constexpr int64_t planes_of(Cell cell) { return has_memory(cell) ? 2 : 1; }
constexpr int64_t kept_of(Cell cell) {
  constexpr int64_t kKept[] = {0, 4, 5, 4, 2};  // in the order of Cell
  return kKept[static_cast<int>(cell)];
}
constexpr int64_t slopes_of(Cell cell) {
  return gates_of(cell) + (has_memory(cell) ? 2 : keeps_state(cell) ? 1 : 0);
}

// Of the cifg: p^f and then p^o, `period` values each, which are repeated over the positions.
struct Peepholes {
  const float* values = nullptr;
  int64_t period = 0;
};

// The cells, at `n` independent positions. Gate g of u, p and so on lies `..._stride` behind gate
// 0. Pointers to c and gates are for the cells that have them.

// value (and c) = cell(h, c, u), where p = R h.
struct CellInput {
  const float *u, *p, *h, *c;  // h, c: the previous state
  int64_t u_stride, p_stride;
  const float* leak = nullptr;  // leaky: f, each for `leak_width` positions
  int64_t leak_width = 0;
};
struct CellOutput {
  float *value, *c, *kept;
  int64_t kept_stride;

  CellOutput from(int64_t offset) const {
    return {value + offset, c ? c + offset : c, kept ? kept + offset : kept, kept_stride};
  }
};
void cell_values(Cell cell, int64_t n, const CellInput& in, const CellOutput& out,
                 const Peepholes& peepholes);

// The Jacobian there, applied to a change (v, w) of the previous (h, c):
//   tanh, gru  J v = sum_g slope_g * (R_g v) + keep * v                        keep: not of tanh
//   leaky      the same
//   lstm       dc = slope_i * (R_i v) + slope_f * (R_f v) + slope_g * (R_g v) + keep * w
//              dh = slope_o * (R_o v) + link * dc              cifg: without i
// Arrays, `stride` apart: a slope for each gate, keep, link.
void cell_slopes(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                 float* slopes, int64_t stride, const Peepholes& peepholes);

// One step of the reverse recurrence. In: the gradient of h_t as the sum of its parts. Out: a_g,
// the gradient of (R_g h_{t-1}), and du_g, strides n; `carried`, the part of the gradient of the
// previous state that does not pass through R: of h for the gru, of c for lstm and cifg. The leaky
// cell has none here: m2rnn_recurrence has a reverse step of its own.
struct CellGradient {
  const float *direct, *through;  // dh_t, and R^T a of the step after
  float* carried;                 // in: of the step after; out: of this one
  float *a, *du;                  // equal but for the gru; the others write a alone
};
void cell_reverse(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                  const CellGradient& g, const Peepholes& peepholes);

}  // namespace longhaul
