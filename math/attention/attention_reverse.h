#pragma once

#include "math/attention/attention_tiles.h"

namespace longhaul::tiled {

// Gradients that several queries or heads share, of each sequence and head; undefined or empty
// where none is wanted. At first zeros.
struct SharedGradients {
  Tensor bias;                // [B, H, bias_width()], dL/dbias spread out
  PooledVector<double> fade;  // [B, H, Tk], of the natural logarithms' sums
  Tensor sink;                // [B, H]
};

// Adds to the gradients of all inputs that want one; y and lse are forward()'s.
void reverse(const Problem& p, const Inputs& in, const Tensor& y, const Tensor& lse,
             SharedGradients& d);

}  // namespace longhaul::tiled
