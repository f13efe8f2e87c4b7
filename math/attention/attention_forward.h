#pragma once

#include "math/attention/attention_tiles.h"

namespace longhaul::tiled {

// y [B, Tq, H dv] and the log2-sum-exp2 of its rows [B, H, Tq].
void forward(const Problem& p, const Inputs& in, float* y, float* lse);

}  // namespace longhaul::tiled
