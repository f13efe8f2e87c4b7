#pragma once

#include "math/attention/attention_tiles.h"

namespace longhaul::tiled {

// Adds to the gradients of the inputs that need one; dbias [B, H, bias_width()] (spread out by
// key - query) is added to if defined.
void reverse(const Problem& p, const Inputs& in, const Tensor& y, const Tensor& lse,
             const Tensor& dbias);

}  // namespace longhaul::tiled
