#pragma once

#include <string>

#include "longhaul/mixer.h"

namespace longhaul {

// A depthwise causal convolution over a few positions (settings short_conv, canon):
// sum_j weight[j] .* x_{t-j}, inputs before the start 0; with a residual, x_t is added.
class ShortConv {
 public:
  ShortConv() = default;  // none: the identity
  // Parameter `name` [taps, width].
  ShortConv(MixerContext& context, const std::string& name, int64_t taps, bool has_residual);

  Tensor operator()(const Tensor& x) const;  // [batch, length, width]
  // Decoding: the state holds the inputs before, oldest first [batch, taps - 1, width].
  State start(int64_t batch) const;
  Tensor step(const Tensor& x, State& state) const;  // [batch, width]

 private:
  bool has_residual_ = false;
  Tensor weight_;
};

// A canon layer (Allen-Zhu 2025, arXiv:2512.17351): 4 taps, with a residual.
ShortConv canon_layer(MixerContext& context, const std::string& name);

}  // namespace longhaul
