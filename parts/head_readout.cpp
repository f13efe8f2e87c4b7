#include "longhaul/parts/head_readout.h"

#include "longhaul/error.h"
#include "longhaul/ops.h"

namespace longhaul {

int64_t read_heads(MixerContext& c, int64_t default_value) {
  const int64_t heads =
      c.options().integer("heads", default_value, "heads; they divide d_model", 1);
  if (c.d_model() % heads == 0) return heads;
  c.options().problem("heads",
                      text(heads, " heads do not cut d_model ", c.d_model(), " into equal parts"));
  return 1;
}

HeadReadout::HeadReadout(MixerContext& c, int64_t heads, bool gated)
    : gain_(c.parameter("norm.gain", {c.d_model() / heads}, constant(1), {.decay = false})) {
  if (gated) gate_ = c.weight("gate.weight", c.d_model(), c.d_model());
  out_ = c.weight("out.weight", c.d_model(), c.d_model());
}

Tensor HeadReadout::operator()(const Tensor& y, const Tensor& x) const {
  const int64_t d = gain_.dim(0);
  const Tensor n = reshape(rms_norm(reshape(y, {y.size() / d, d}), gain_), x.shape());
  return matmul(gate_.defined() ? gated_silu(n, matmul(x, gate_)) : n, out_);
}

}  // namespace longhaul
