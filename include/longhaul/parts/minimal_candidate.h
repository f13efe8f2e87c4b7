#pragma once

#include "longhaul/mixer.h"
#include "longhaul/ops.h"

namespace longhaul {

// What minGRU and minLSTM write into their state: g(W_h x + b_h), with g the identity or the
// positive function of their log-space forms, x + 1/2 for x >= 0, else sigmoid(x) (Feng et al.
// 2024, arXiv:2410.01201, appendix B).
class MinimalCandidate {
 public:
  MinimalCandidate() = default;
  MinimalCandidate(MixerContext& c, int64_t state)
      : positive_(c.options().choice("candidate", "positive", {"positive", "linear"},
                                     "what is written into the state") == "positive"),
        weight_(c.weight("h.weight", c.d_model(), state)),
        bias_(c.parameter("h.bias", {state}, zeros(), {.decay = false})) {}

  Tensor operator()(const Tensor& x) const {
    const Tensor u = matmul(x, weight_) + bias_;
    if (!positive_) return u;
    return relu(u) + sigmoid(-1.0f * relu(-1.0f * u));  // u + sigmoid(0) above 0
  }

 private:
  bool positive_ = true;
  Tensor weight_, bias_;
};

}  // namespace longhaul
