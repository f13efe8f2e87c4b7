#pragma once

#include <cstdint>

#include "longhaul/ops.h"

// What the parts of nonlinear_recurrence (ops.h) share: the cells (cell.h), the block-diagonal
// product (product.h), the solvers (sequential.h, parallel.h) and their common reverse step
// (reverse.h).
namespace longhaul {

// One recurrence to solve: B sequences of T steps of an N-wide state, G recurrent matrices.
struct Recurrence {
  Cell cell;
  int64_t B, T, N, G, block;
  const float* u;                    // [B, T, G N]
  const float* recurrent;            // [G, N / block, block, block]
  const float* peepholes = nullptr;  // cifg: [2, N]
  const float* leak = nullptr;       // leaky: f, [B, T]
  float* state = nullptr;  // decoding: [B, sweeps or 1, planes, N] before the first step; replaced
  const float* start = nullptr;  // Start::last: the first iterate, [B, planes, T, N]; null: zeros
  bool is_shared = false;  // all blocks of a gate have one matrix: recurrent [G, 1, block, block]

  int64_t plane() const { return B * T * N; }
  int64_t matrices() const { return is_shared ? 1 : N / block; }  // of a gate
  const float* matrix(int64_t gate, int64_t q) const {            // of block q
    return recurrent + (gate * matrices() + (is_shared ? 0 : q)) * block * block;
  }
  int64_t step_flops() const { return 2 * G * N * block; }        // of R h of one step
  int64_t product_flops() const { return B * T * step_flops(); }  // at every position
};

// A solution and what the reverse step needs of it.
struct Solution {
  Tensor h;      // [B, T, N]
  Tensor c;      // lstm, cifg: the memory, [B, T, N]
  Tensor value;  // tanh: cell(h_{t-1}, u_t), [B, T, N]; the sequential solver's is h itself
  Tensor kept;   // [kept_of, B, T, N]
  SolverReport report;
  int64_t applied = 0;  // how often R was applied to the state of one step
};

// What is told of a solution: note().
void note_report(const SolverReport& report);

double largest_difference(const Tensor& a, const Tensor& b);  // NaN if any is one

}  // namespace longhaul
