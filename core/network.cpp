#include "longhaul/network.h"

#include <cmath>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "support/choices.h"

namespace longhaul {
namespace {

constexpr ParameterGroup kNoDecay{.lr_scale = 1, .decay = false};

}  // namespace

const std::vector<PoolingInfo>& poolings() {
  static const std::vector<PoolingInfo> all = {
      {"mean", pool_mean}, {"last", pool_last}, {"max", pool_max}};
  return all;
}

NetworkContext::NetworkContext(const TaskShape& task, int64_t d_model, int64_t layers, bool causal,
                               std::string pooling, uint64_t seed, Options& options,
                               std::vector<Parameter>& parameters)
    : MixerContext(d_model, task.max_length, causal, seed, "", options, parameters, 0, layers,
                   task.trained_length),
      task_(task),
      pooling_(std::move(pooling)) {
  row_named("pooling", pooling_, poolings());
}

InputEmbedding::InputEmbedding(NetworkContext& context, int64_t width)
    : channels_(context.task().channels) {
  if (channels_ > 0) {
    weight_ = context.parameter("input.weight", {channels_, width}, fan_in());
    bias_ = context.parameter("input.bias", {width}, zeros(), kNoDecay);
  } else {
    table_ =
        context.parameter("embedding.weight", {context.task().vocab, width}, normal(1), kNoDecay);
  }
}

Tensor InputEmbedding::operator()(const Batch& batch) const {
  if (channels_ == 0) return embedding(table_, batch.tokens, {batch.size, batch.length});
  const Tensor values = Tensor::from({batch.size, batch.length, channels_}, batch.values);
  return add(matmul(values, weight_), bias_);
}

ReadOut::ReadOut(NetworkContext& context, int64_t width, HeadNorm norm, const Tensor& tied)
    : readout_(context.task().readout),
      norm_(norm),
      pool_(row_named("pooling", context.pooling(), poolings()).pool),
      tied_(tied) {
  const int64_t read = readout_ == Readout::pair ? 4 * width : width;
  const int64_t classes = context.task().classes;
  if (norm_ != HeadNorm::none)
    gain_ = context.parameter("norm.gain", {read}, constant(1), kNoDecay);
  if (norm_ == HeadNorm::layer)
    norm_bias_ = context.parameter("norm.bias", {read}, zeros(), kNoDecay);
  if (tied_.defined())
    require(tied_.shape() == Shape({classes, read}), "a tied head: a table of shape ",
            tied_.shape(), ", expected ", Shape({classes, read}));
  else
    weight_ = context.parameter("head.weight", {read, classes}, fan_in());
  bias_ = context.parameter("head.bias", {classes}, zeros(), kNoDecay);
}

Tensor ReadOut::head(const Tensor& rows) const {
  const Tensor n = norm_ == HeadNorm::rms     ? rms_norm(rows, gain_)
                   : norm_ == HeadNorm::layer ? layer_norm(rows, gain_, norm_bias_)
                                              : rows;
  if (!tied_.defined()) return add(matmul(n, weight_), bias_);
  const float size = 1 / std::sqrt(static_cast<float>(tied_.dim(1)));
  return add(scale(matmul(n, tied_, false, true), size), bias_);
}

Tensor ReadOut::operator()(const Tensor& x, const Batch& batch) const {
  const int64_t B = batch.size;
  if (readout_ == Readout::token) {  // a gather of the scored rows
    const auto R = static_cast<int64_t>(batch.rows.size());
    return head(embedding(reshape(x, {B * batch.length, x.dim(2)}), batch.rows, {R}));
  }
  const Tensor pooled = pool_(x, batch.lengths);
  if (readout_ == Readout::sequence) return head(pooled);
  const Tensor a = slice(pooled, 0, 0, B / 2), b = slice(pooled, 0, B / 2, B);
  return head(concat({a, b, mul(a, b), sub(a, b)}, 1));
}

Tensor ReadOut::step(const Tensor& x) const { return readout_ == Readout::pair ? x : head(x); }

Tensor Dropout::operator()(const Tensor& x) {
  return share_ > 0 ? dropout(x, share_, Rng(rng_.bits(), "dropout")) : x;
}

int64_t DecodeState::bytes() const {
  int64_t total = 0;
  for (const State& part : parts)
    for (const Tensor& tensor : part.tensors) total += tensor.bytes();
  return total;
}

DecodeState DecodeState::clone() const {
  DecodeState copy = *this;
  for (State& part : copy.parts)
    for (Tensor& tensor : part.tensors) tensor = tensor.clone();
  return copy;
}

Network::~Network() = default;
bool Network::decodes() const { return false; }
DecodeState Network::start(int64_t) const { throw Error("this network does not decode"); }
Tensor Network::step(const Batch&, DecodeState&) const {
  throw Error("this network does not decode");
}

}  // namespace longhaul
