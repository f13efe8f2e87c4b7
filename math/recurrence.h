#pragma once

#include <cstdint>

#include "longhaul/ops.h"

// The parts of nonlinear_recurrence (ops.h): the cells, the block-diagonal product, the two solvers
// and the common reverse step.
namespace longhaul {

// One recurrence to solve: B sequences of T steps of an N-wide state, G recurrent matrices.
struct Recurrence {
  Cell cell;
  int64_t B, T, N, G, block;
  const float* u;          // [B, T, G N]
  const float* recurrent;  // [G, N / block, block, block]

  int64_t plane() const { return B * T * N; }
  int64_t product_flops() const { return 2 * B * T * G * N * block; }  // of R h at every position
};

// A solution and what the reverse step needs of it.
struct Solution {
  Tensor h;      // [B, T, N]
  Tensor value;  // tanh: cell(h_{t-1}, u_t), [B, T, N]; the sequential solver's is h itself
  Tensor gates;  // gru: r, z, n and R^n h_{t-1}, [4, B, T, N]
  SolverReport report;
  int64_t products = 0;  // how often R was applied to a whole sequence, summed over the sequences
};

constexpr int kGateCount = 4;

// ---- cells, at `n` independent positions. Gate g of u, p and so on lies `..._stride` behind gate
// 0.

// value = cell(h, u), where p = R h; the gates are written for the gru alone.
struct CellInput {
  const float *u, *p, *h;  // h: the previous state
  int64_t u_stride, p_stride;
};
struct CellOutput {
  float *value, *gates;
  int64_t gate_stride;
};
void cell_values(Cell cell, int64_t n, const CellInput& in, const CellOutput& out);

// The Jacobian there is J v = keep * v + sum_g slope_g * (R_g v); tanh has no `keep`.
void cell_slopes(Cell cell, int64_t n, const CellOutput& at, const float* h, float* slopes,
                 int64_t slope_stride, float* keep);

// One step of the reverse recurrence. In: the gradient of h_t as the sum of three parts. Out: a_g,
// the gradient of (R_g h_{t-1}), and du_g, strides n; `kept`, the part of the gradient of h_{t-1}
// that does not pass through R.
struct CellGradient {
  const float *direct, *through;  // dh_t, and R^T a of the step after
  float* kept;                    // in: of the step after; out: of this one
  float *a, *du;                  // tanh: the same values; du may be null
};
void cell_reverse(Cell cell, int64_t n, const CellOutput& at, const float* h,
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
Solution solve_sequential(const Recurrence& r, bool keep_gates);
Solution solve_newton(const Recurrence& r, double tolerance, int max_iterations);

// Adds the gradients of u and R, given that of h.
void reverse_recurrence(const Recurrence& r, const Solution& s, const Tensor& u,
                        const Tensor& recurrent);

}  // namespace longhaul
