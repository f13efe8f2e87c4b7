#pragma once

#include "harness/settings/settings.h"
#include "longhaul/mixer.h"
#include "longhaul/network.h"

namespace longhaul {

// The MLP behind a mixer, with a norm and a residual of its own (settings feed_forward, mlp_ratio):
//   gated  (x up * silu(x gate)) down                    (Shazeer 2020, arXiv:2002.05202, SwiGLU)
//   gelu   gelu(x up + up.bias) down + down.bias         (GPT, ViT and others)
class Mlp {
 public:
  Mlp() = default;                                       // none
  Mlp(MixerContext& context, const Settings& settings);  // where has_mlp(settings)
  explicit operator bool() const { return up_.defined(); }
  Tensor operator()(const Tensor& x) const;

 private:
  Tensor gate_, up_, up_bias_, down_, down_bias_;
};

bool has_mlp(const Settings& settings);

// Gates on what a mixer yields, before it is added, in the place of an MLP.
// With g = gelu(x),
//   glu        (g value + value.bias) * sigmoid(g gate + gate.bias)
//              (S4, Gu et al. 2022, arXiv:2111.00396, and LRU, arXiv:2303.06349)
//   half_glu1  g * sigmoid(g gate + gate.bias)
//   half_glu2  x * sigmoid(g gate + gate.bias)     (S5, arXiv:2208.04933, as its code names them)
class OutputGate {
 public:
  OutputGate() = default;  // none
  OutputGate(MixerContext& context, const Settings& settings);
  explicit operator bool() const { return gate_.defined(); }
  Tensor operator()(const Tensor& x, Dropout& drop) const;  // drops a share of gelu(x)

 private:
  bool keeps_input_ = false;  // half_glu2
  Tensor value_, value_bias_, gate_, gate_bias_;
};

}  // namespace longhaul
