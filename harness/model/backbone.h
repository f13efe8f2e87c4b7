#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "harness/model/feed_forward.h"
#include "harness/model/norm.h"
#include "harness/model/short_conv.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/network.h"
#include "longhaul/registry.h"

namespace longhaul {

// Hears of every layer's mixer and what it is given, before it runs.
using LayerVisitor = std::function<void(const Mixer&, const Tensor& x, const Lengths&)>;

// The network around a mixer, the same for all of them (a residual stack; by default pre-norm):
//   x = embedding[token], or values input + bias; plus position[t] or sines if the mixer asked
//   layers times:  x = x + mixer(conv(norm(x)));  x = x + mlp(norm(x))
//   logits = norm(pooled x) head + bias     pooled: see poolings(), or every scored position
// norm_place: post puts the norms behind the sums, x = norm(x + mixer(conv(x))), and none before
// the head. feed_forward: glu, half_glu1 and half_glu2 put gates on the mixer's output in place of
// the MLP. A pair of sequences goes through the same stack; see ReadOut. With the setting
// `locality` the stack runs on windows of so many positions as if each were a sequence of its own:
// only positions, pooling and the read-out span them. What is learned then needed no long range.
// With `checkpoint_blocks` a tape keeps the inputs of mixers and MLPs alone (recompute.h).
// norm: norm.h. mlp and gates: feed_forward.h. conv: short_conv.h, left out when short_conv = 0.
// canon: canon_layer, before conv (the paper's point A) and before the MLP (C), where set.
class Backbone final : public Network {
 public:
  Backbone(const ModelInfo& mixer, Options& mixer_options, const Settings& settings,
           const TaskShape& task, uint64_t seed, std::vector<Parameter>& parameters);

  Tensor forward(const Batch& batch, Dropout drop) const override;
  void visit_layers(const Batch& batch, const LayerVisitor& visit) const;

  // The state's parts: of every mixer, then of the three convolutions of every block.
  bool decodes() const override { return true; }
  DecodeState start(int64_t batch) const override;
  Tensor step(const Batch& column, DecodeState& state) const override;

 private:
  struct Block {
    Norm norm;
    ShortConv canon, conv;
    std::unique_ptr<Mixer> mixer;
    OutputGate gate;
    Norm mlp_norm;
    ShortConv mlp_canon;
    Mlp mlp;
  };
  Tensor embed(const Batch& batch, int64_t first) const;
  Tensor add_mixer(const Block& block, const Tensor& x, const Lengths& lengths, Dropout& drop,
                   const LayerVisitor& visit) const;
  Tensor add_mlp(const Block& block, const Tensor& x, const Lengths& lengths, Dropout& drop) const;
  Tensor mix(Tensor x, const Lengths& lengths, Dropout& drop, const LayerVisitor& visit) const;
  Tensor mix_checkpointed(Tensor x, const Lengths& lengths, Dropout& drop) const;
  Tensor run(const Batch& batch, Dropout& drop, const LayerVisitor& visit) const;

  int64_t width_, max_length_, locality_;
  bool checkpoint_blocks_, is_post_norm_;
  InputEmbedding input_;
  Tensor positions_;
  bool sinusoidal_ = false;
  std::vector<Block> blocks_;
  ReadOut read_out_;
};

}  // namespace longhaul
