#pragma once

#include "longhaul/mixer.h"

// What models with heads and without a normaliser share: retention, gla, delta_net and others.
namespace longhaul {

// Reads the option heads; notes a problem and returns 1 where they do not cut d_model evenly.
int64_t read_heads(MixerContext& c, int64_t default_value = 2);

// From the heads' outputs to the mixer's: each head is divided by its root mean square (norm.gain
// [d], shared by the heads), multiplied by silu(x W_gate) if gated, and sent through W_out.
class HeadReadout {
 public:
  HeadReadout() = default;
  HeadReadout(MixerContext& c, int64_t heads, bool gated);
  Tensor operator()(const Tensor& y, const Tensor& x) const;  // x, y [..., D] -> [..., D]

 private:
  Tensor gain_, gate_, out_;
};

}  // namespace longhaul
