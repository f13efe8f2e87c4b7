#include "longhaul/network.h"

#include <utility>

#include "longhaul/error.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

constexpr ParameterGroup kNoDecay{.lr_scale = 1, .decay = false};

}  // namespace

NetworkContext::NetworkContext(const TaskShape& task, int64_t d_model, int64_t layers, bool causal,
                               std::string pooling, uint64_t seed, Options& options,
                               std::vector<Parameter>& parameters)
    : MixerContext(d_model, task.max_length, causal, seed, "", options, parameters, 0, layers,
                   task.trained_length),
      task_(task),
      pooling_(std::move(pooling)) {
  require(pooling_ == "mean" || pooling_ == "last", "pooling: found '", pooling_,
          "', allowed: mean | last");
}

InputEmbedding::InputEmbedding(NetworkContext& context, int64_t width)
    : channels_(context.task().channels) {
  if (channels_ > 0) {
    weight_ = context.weight("input.weight", channels_, width);
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

ReadOut::ReadOut(NetworkContext& context, int64_t width)
    : readout_(context.task().readout), last_(context.pooling() == "last") {
  const int64_t read = readout_ == Readout::pair ? 4 * width : width;
  gain_ = context.parameter("norm.gain", {read}, constant(1), kNoDecay);
  weight_ = context.weight("head.weight", read, context.task().classes);
  bias_ = context.parameter("head.bias", {context.task().classes}, zeros(), kNoDecay);
}

Tensor ReadOut::head(const Tensor& rows) const {
  return add(matmul(rms_norm(rows, gain_), weight_), bias_);
}

Tensor ReadOut::operator()(const Tensor& x, const Batch& batch) const {
  const int64_t B = batch.size;
  if (readout_ == Readout::token) {  // a gather of the scored rows
    const auto R = static_cast<int64_t>(batch.rows.size());
    return head(embedding(reshape(x, {B * batch.length, x.dim(2)}), batch.rows, {R}));
  }
  const Tensor pooled = last_ ? pool_last(x, batch.lengths) : pool_mean(x, batch.lengths);
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
