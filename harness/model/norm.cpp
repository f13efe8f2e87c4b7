#include "harness/model/norm.h"

#include "longhaul/ops.h"

namespace longhaul {

Norm::Norm(MixerContext& context, const std::string& name, const std::string& kind) {
  const int64_t D = context.d_model();
  const ParameterGroup no_decay{.lr_scale = 1, .decay = false};
  gain_ = context.parameter(name + ".gain", {D}, constant(1), no_decay);
  if (kind != "rms") bias_ = context.parameter(name + ".bias", {D}, zeros(), no_decay);
  if (kind == "batch") statistics_ = context.statistics(name + ".statistics", D);
}

Tensor Norm::operator()(const Tensor& x, const Lengths& lengths, bool in_training) const {
  if (statistics_.defined()) return batch_norm(x, gain_, bias_, statistics_, lengths, in_training);
  return bias_.defined() ? layer_norm(x, gain_, bias_) : rms_norm(x, gain_);
}

Tensor Norm::step(const Tensor& x) const { return (*this)(x, {}, false); }

HeadNorm head_norm(const std::string& norm, const std::string& place) {
  if (norm == "batch" || place == "post") return HeadNorm::none;
  return norm == "layer" ? HeadNorm::layer : HeadNorm::rms;
}

}  // namespace longhaul
