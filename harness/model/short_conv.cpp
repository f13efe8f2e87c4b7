#include "harness/model/short_conv.h"

#include <cmath>

#include "longhaul/ops.h"

namespace longhaul {

ShortConv::ShortConv(MixerContext& context, const std::string& name, int64_t taps,
                     bool has_residual)
    : has_residual_(has_residual) {
  const double bound = 1 / std::sqrt(static_cast<double>(taps));
  weight_ = context.parameter(name, {taps, context.d_model()}, uniform(-bound, bound));
}

Tensor ShortConv::operator()(const Tensor& x) const {
  if (!weight_.defined()) return x;
  const Tensor y = causal_conv(x, weight_);
  return has_residual_ ? x + y : y;
}

State ShortConv::start(int64_t batch) const {
  State state;
  if (weight_.defined())
    state.tensors.emplace_back(Shape{batch, weight_.dim(0) - 1, weight_.dim(1)});
  return state;
}

Tensor ShortConv::step(const Tensor& x, State& state) const {
  if (!weight_.defined()) return x;
  const int64_t B = x.dim(0), D = x.dim(1), K = weight_.dim(0);
  const Tensor window = concat({state.tensors[0], reshape(x, {B, 1, D})}, 1);  // [B, K, D]
  state.tensors[0] = slice(window, 1, 1, K);
  const Tensor y = reshape(slice(causal_conv(window, weight_), 1, K - 1, K), {B, D});
  return has_residual_ ? x + y : y;
}

ShortConv canon_layer(MixerContext& context, const std::string& name) {
  return ShortConv(context, name, 4, true);
}

}  // namespace longhaul
