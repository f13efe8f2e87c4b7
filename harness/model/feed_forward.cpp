#include "harness/model/feed_forward.h"

#include <algorithm>
#include <cmath>

#include "longhaul/ops.h"

namespace longhaul {
namespace {

constexpr ParameterGroup kBias{.lr_scale = 1, .decay = false};

// A ratio above 0 leaves at least one channel: only 0 leaves the MLP out.
int64_t hidden_width(const Settings& settings) {
  if (settings.mlp_ratio == 0) return 0;
  return std::max(1L, std::lround(settings.mlp_ratio * static_cast<double>(settings.d_model)));
}

}  // namespace

bool has_mlp(const Settings& settings) {
  return hidden_width(settings) > 0 &&
         (settings.feed_forward == "gated" || settings.feed_forward == "gelu");
}

Mlp::Mlp(MixerContext& context, const Settings& settings) {
  const int64_t D = settings.d_model, H = hidden_width(settings);
  const bool is_gated = settings.feed_forward == "gated";
  if (is_gated) gate_ = context.weight("mlp.gate.weight", D, H);
  up_ = context.weight("mlp.up.weight", D, H);
  if (!is_gated) up_bias_ = context.parameter("mlp.up.bias", {H}, zeros(), kBias);
  down_ = context.weight("mlp.down.weight", H, D);
  if (!is_gated) down_bias_ = context.parameter("mlp.down.bias", {D}, zeros(), kBias);
}

Tensor Mlp::operator()(const Tensor& x) const {
  if (gate_.defined()) return gated_mlp(x, up_, gate_, down_);
  return matmul(gelu(matmul(x, up_) + up_bias_), down_) + down_bias_;
}

OutputGate::OutputGate(MixerContext& context, const Settings& settings) {
  const int64_t D = settings.d_model;
  if (settings.feed_forward == "gated" || settings.feed_forward == "gelu") return;
  keeps_input_ = settings.feed_forward == "half_glu2";
  if (settings.feed_forward == "glu") {
    value_ = context.weight("glu.value.weight", D, D);
    value_bias_ = context.parameter("glu.value.bias", {D}, zeros(), kBias);
  }
  gate_ = context.weight("glu.gate.weight", D, D);
  gate_bias_ = context.parameter("glu.gate.bias", {D}, zeros(), kBias);
}

Tensor OutputGate::operator()(const Tensor& x, Dropout& drop) const {
  const Tensor g = drop(gelu(x));
  const Tensor gate = sigmoid(matmul(g, gate_) + gate_bias_);
  if (value_.defined()) return (matmul(g, value_) + value_bias_) * gate;
  return (keeps_input_ ? x : g) * gate;
}

}  // namespace longhaul
