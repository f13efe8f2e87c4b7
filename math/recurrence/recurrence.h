#pragma once

#include <cstdint>

#include "longhaul/ops.h"

// The parts of nonlinear_recurrence (ops.h): the cells, the block-diagonal product, the solvers and
// the common reverse step.
namespace longhaul {

// u and R come in `gates_of` gates; a state has `planes_of` planes of N values, h first. The
// reverse step keeps `kept_of` arrays: gru r, z, n, R^n h'; lstm i, f, g, o, tanh c. A Jacobian is
// given by `slopes_of` arrays (cell_slopes).
constexpr int64_t gates_of(Cell cell) { return cell == Cell::tanh ? 1 : cell == Cell::gru ? 3 : 4; }
constexpr int64_t planes_of(Cell cell) { return cell == Cell::lstm ? 2 : 1; }
constexpr int64_t kept_of(Cell cell) { return cell == Cell::tanh ? 0 : cell == Cell::gru ? 4 : 5; }
constexpr int64_t slopes_of(Cell cell) {
  return cell == Cell::tanh ? 1 : cell == Cell::gru ? 4 : 6;
}

// One recurrence to solve: B sequences of T steps of an N-wide state, G recurrent matrices.
struct Recurrence {
  Cell cell;
  int64_t B, T, N, G, block;
  const float* u;          // [B, T, G N]
  const float* recurrent;  // [G, N / block, block, block]
  float* state = nullptr;  // decoding: [B, sweeps or 1, planes, N] before the first step; replaced

  int64_t plane() const { return B * T * N; }
  int64_t product_flops() const { return 2 * B * T * G * N * block; }  // of R h at every position
};

// A solution and what the reverse step needs of it.
struct Solution {
  Tensor h;      // [B, T, N]
  Tensor c;      // lstm: the memory, [B, T, N]
  Tensor value;  // tanh: cell(h_{t-1}, u_t), [B, T, N]; the sequential solver's is h itself
  Tensor kept;   // [kept_of, B, T, N]
  SolverReport report;
  int64_t products = 0;  // how often R was applied to a whole sequence, summed over the sequences
};

// ---- cells, at `n` independent positions. Gate g of u, p and so on lies `..._stride` behind gate
// 0. Pointers to c and gates are for the cells that have them.

// value (and c) = cell(h, c, u), where p = R h.
struct CellInput {
  const float *u, *p, *h, *c;  // h, c: the previous state
  int64_t u_stride, p_stride;
};
struct CellOutput {
  float *value, *c, *kept;
  int64_t kept_stride;
};
void cell_values(Cell cell, int64_t n, const CellInput& in, const CellOutput& out);

// The Jacobian there, applied to a change (v, w) of the previous (h, c):
//   tanh, gru  J v = sum_g slope_g * (R_g v) + keep * v                        keep: the gru alone
//   lstm       dc = slope_i * (R_i v) + slope_f * (R_f v) + slope_g * (R_g v) + keep * w
//              dh = slope_o * (R_o v) + link * dc
// Arrays, `stride` apart: a slope for each gate, keep, link.
void cell_slopes(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                 float* slopes, int64_t stride);

// One step of the reverse recurrence. In: the gradient of h_t as the sum of its parts. Out: a_g,
// the gradient of (R_g h_{t-1}), and du_g, strides n; `carried`, the part of the gradient of the
// previous state that does not pass through R: of h for the gru, of c for the lstm.
struct CellGradient {
  const float *direct, *through;  // dh_t, and R^T a of the step after
  float* carried;                 // in: of the step after; out: of this one
  float *a, *du;                  // equal but for the gru; the others write a alone
};
void cell_reverse(Cell cell, int64_t n, const CellOutput& at, const float* h, const float* c,
                  const CellGradient& g);

// ---- products with the block-diagonal matrices, for up to kGroup vectors at once.
class BlockProduct {
 public:
  static constexpr int kGroup = 4;
  BlockProduct(const Recurrence& r, bool transposed);

  // Floats between two gates, and between two vectors, of a result.
  int64_t stride() const { return stride_; }
  int64_t vector_stride() const { return transposed_ ? stride_ : G_ * stride_; }

  // y_g = R_g x, or transposed y = sum_g R_g^T x_g with x_g at x + g * N.
  void apply(int count, const float* const* x, float* y) const;

 private:
  void narrow(const float* x, float* y) const;
  template <int count>
  void wide(const float* const* x, float* y) const;

  bool transposed_;
  int64_t G_, N_, block_, stride_;
  int64_t padded_ = 0;  // block rounded up to whole vectors
  Tensor packed_;       // wide: [G, N / block, block, padded]; narrow: R itself or transposed
};

// ---- solvers
// How many sequences one task steps side by side: never across a border that threads would need.
int64_t group_of(int64_t sequences);
Solution solve_sequential(const Recurrence& r, bool keep);
Solution solve_parallel(const Recurrence& r, const RecurrenceSpec& spec);  // all but sequential

// Fills a [B, T, G N], the gradients of R_g h, and du (the same array but for the gru) from dh.
void solve_back(const Recurrence& r, const Solution& s, const float* dh, float* a, float* du);

// Adds the gradients of u and R, given that of h.
void reverse_recurrence(const Recurrence& r, const Solution& s, const Tensor& u,
                        const Tensor& recurrent);

}  // namespace longhaul
