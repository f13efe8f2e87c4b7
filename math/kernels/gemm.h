#pragma once

#include <cstdint>

#include "math/precision.h"

namespace longhaul {

// A batch of row-major matrix products, C = op(A) op(B) or C += op(A) op(B). Where a lane has all
// threads they share it: matrices or rows of C.
struct Gemm {
  bool transpose_a = false;  // A is stored [k, m] instead of [m, k]
  bool transpose_b = false;  // B is stored [n, k] instead of [k, n]
  int64_t m = 0, n = 0, k = 0;
  bool accumulate = false;
  int64_t batch = 1;  // consecutive matrices without gaps
  Precision precision = Precision::float32;
};

// Each value of C is one chain of fused multiply-adds in the order of k, from 0 or from what C
// holds: it has the same bits on every machine, and however the product is cut by rows or columns.
// In bf16 the values of A and B are rounded first, and each two of the chain change places.
void gemm(const Gemm& shape, const float* a, const float* b, float* c);

}  // namespace longhaul
