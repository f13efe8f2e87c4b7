#pragma once

#include <string>

#include "longhaul/mixer.h"
#include "longhaul/network.h"

namespace longhaul {

// The norm of a block, as the setting `norm` names it:
//   rms    x / sqrt(mean(x^2) + 1e-6) * gain            of each position
//   layer  (x - mean(x)) / deviation(x) * gain + bias   of each position
//   batch  the same of each channel over the real positions of a lane; in evaluation with the
//          running mean and variance of whole batches (batch_norm in longhaul/ops.h)
class Norm {
 public:
  Norm() = default;
  // Parameters `name`.gain, .bias, .statistics.
  Norm(MixerContext& context, const std::string& name, const std::string& kind);

  // x [batch, length, width]
  Tensor operator()(const Tensor& x, const Lengths& lengths, bool in_training) const;
  Tensor step(const Tensor& x) const;  // x [batch, width], of decoding
  const Tensor& gain() const { return gain_; }

 private:
  Tensor gain_, bias_, statistics_;
};

// What stands before the head of a stack whose blocks have these norms. Blocks that end in a norm
// need no more, and a batch norm does not fit one row a sequence.
HeadNorm head_norm(const std::string& norm, const std::string& place);

}  // namespace longhaul
