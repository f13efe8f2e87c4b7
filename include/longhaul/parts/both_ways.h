#pragma once

#include <memory>
#include <string>
#include <vector>

#include "longhaul/attention_rows.h"
#include "longhaul/mixer.h"
#include "longhaul/ops.h"

namespace longhaul {

// A causal mixer M that may also look ahead: registered as BothWays<M> with Direction::either, it
// is M where the model is causal. Where it is not, y_t is the sum of M over x_0 .. x_t and of M
// over the real positions from the last one back to t (Graves and Schmidhuber 2005): by weights of
// its own, named "reverse." and as M names them, or by the same ones with `reverse: shared`. The
// sum counts position t twice; a mixer that ends in a product needs no other way to join both.
template <class M>
class BothWays final : public Mixer {
 public:
  explicit BothWays(MixerContext& c) : forwards_(std::make_unique<M>(c)), both_(!c.causal()) {
    const std::string reverse =
        c.options().choice("reverse", "own", {"own", "shared"},
                           "with causal: false, weights of the pass from the end back");
    if (!both_ || reverse == "shared") return;
    MixerContext inner = c.inside("reverse.");
    backwards_ = std::make_unique<M>(inner);
  }

  Tensor forward(const Tensor& x, const Lengths& lengths) const override {  // [B, T, D]
    Tensor y = forwards_->forward(x, lengths);
    if (!both_) return y;
    const Mixer& other = backwards_ ? *backwards_ : *forwards_;
    return y + flip(other.forward(flip(x, lengths), lengths), lengths);
  }

  State start(int64_t batch) const override { return forwards_->start(batch); }
  Tensor step(const Tensor& x, State& state) const override { return forwards_->step(x, state); }
  AttentionRows attention_rows(const Tensor& x, const Lengths& lengths,
                               const std::vector<int64_t>& queries) const override {
    return both_ ? AttentionRows{} : forwards_->attention_rows(x, lengths, queries);
  }

 private:
  std::unique_ptr<M> forwards_, backwards_;
  bool both_;
};

}  // namespace longhaul
