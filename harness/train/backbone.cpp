#include "harness/train/backbone.h"

#include <algorithm>
#include <cmath>

#include "longhaul/ops.h"

namespace longhaul {
namespace {

void check_direction(const ModelInfo& model, bool causal) {
  if (model.direction == (causal ? Direction::bidirectional : Direction::causal))
    throw Unsupported(text("model '", model.name, "' is ", causal ? "bidirectional" : "causal",
                           " only, the settings ask for causal: ", causal ? "true" : "false"));
}

// [T, D]: the sine, in odd columns the cosine, of (first + t) 10000^(-2i/D), i = column / 2
// (Vaswani et al. 2017, section 3.5).
Tensor sinusoidal_positions(int64_t first, int64_t T, int64_t D) {
  Tensor table = Tensor::empty({T, D});
  for (int64_t t = 0; t < T; ++t)
    for (int64_t c = 0; c < D; ++c) {
      const double power = static_cast<double>(c / 2 * 2) / static_cast<double>(D);
      const double angle = static_cast<double>(first + t) * std::pow(10000.0, -power);
      table.data()[t * D + c] = static_cast<float>(c % 2 ? std::cos(angle) : std::sin(angle));
    }
  return table;
}

// Of every window of every sequence. One of padding alone counts one position, since there are no
// sequences without any; what becomes of it does not matter.
Lengths window_lengths(const Lengths& lengths, int64_t windows, int64_t width) {
  Lengths cut;
  for (const auto length : lengths)
    for (int64_t window = 0; window < windows; ++window)
      cut.push_back(std::clamp<int64_t>(length - window * width, 1, width));
  return cut;
}

}  // namespace

TaskShape shape_of(const Task& task) {
  return {task.vocab(), task.classes(), task.max_length(), task.readout(), task.channels()};
}

Backbone::Backbone(const ModelInfo& model, Options& mixer_options, const Settings& settings,
                   const TaskShape& task, uint64_t seed)
    : settings_(settings), task_(task) {
  check_direction(model, settings.causal);
  if (task.readout == Readout::token && !settings.causal)
    throw Unsupported("a task that is read at every position needs causal: true");
  const int64_t D = settings.d_model;
  const auto H = static_cast<int64_t>(std::lround(settings.mlp_ratio * static_cast<double>(D)));
  const auto context = [&](const std::string& prefix, int64_t layer = 0) {
    return MixerContext(D, task.max_length, settings.causal, seed, prefix, mixer_options,
                        parameters_, layer, settings.layers);
  };
  const ParameterGroup no_decay{.lr_scale = 1, .decay = false};
  MixerContext root = context("");
  if (task.channels) {
    input_ = root.weight("input.weight", task.channels, D);
    input_bias_ = root.parameter("input.bias", {D}, zeros(), no_decay);
  } else {
    embedding_ = root.parameter("embedding.weight", {task.vocab, D}, normal(1), no_decay);
  }
  bool learned_positions = false;
  for (int64_t layer = 0; layer < settings.layers; ++layer) {
    const std::string prefix = text("block.", layer, ".");
    MixerContext outer = context(prefix), inner = context(prefix + "mixer.", layer);
    Block block;
    block.norm = outer.parameter("norm.gain", {D}, constant(1), no_decay);
    if (settings.short_conv) {
      const double bound = 1 / std::sqrt(static_cast<double>(settings.short_conv));
      block.conv = outer.parameter("conv.weight", {settings.short_conv, D}, uniform(-bound, bound));
    }
    block.mixer = model.make(inner);
    learned_positions |= inner.wants_learned_positions();
    sinusoidal_ |= inner.wants_sinusoidal_positions();
    if (H > 0) {
      block.mlp_norm = outer.parameter("mlp.norm.gain", {D}, constant(1), no_decay);
      block.gate = outer.weight("mlp.gate.weight", D, H);
      block.up = outer.weight("mlp.up.weight", D, H);
      block.down = outer.weight("mlp.down.weight", H, D);
    }
    blocks_.push_back(std::move(block));
  }
  if (learned_positions)
    positions_ = root.parameter("position.weight", {task.max_length, D}, normal(0.1), no_decay);
  const int64_t read = task.readout == Readout::pair ? 4 * D : D;
  norm_ = root.parameter("norm.gain", {read}, constant(1), no_decay);
  head_ = root.weight("head.weight", read, task.classes);
  bias_ = root.parameter("head.bias", {task.classes}, zeros(), no_decay);
}

// [B, T, D]; the batch's position 0 is position `first` of its sequences.
Tensor Backbone::embed(const Batch& batch, int64_t first) const {
  const int64_t B = batch.size, T = batch.length;
  Tensor x =
      input_.defined()
          ? add(matmul(Tensor::from({B, T, task_.channels}, batch.values), input_), input_bias_)
          : embedding(embedding_, batch.tokens, {B, T});
  if (sinusoidal_) x = add(x, sinusoidal_positions(first, T, settings_.d_model));
  if (!positions_.defined()) return x;
  require(first + T <= task_.max_length, "position ", first + T - 1, " is beyond the ",
          task_.max_length, " learned positions");
  return add(x, slice(positions_, 0, first, first + T));
}

Tensor Backbone::mlp(const Block& block, const Tensor& x) const {
  const Tensor n = rms_norm(x, block.mlp_norm);
  return matmul(gated_silu(matmul(n, block.up), matmul(n, block.gate)), block.down);
}

Tensor Backbone::read_out(const Tensor& rows) const {
  return add(matmul(rms_norm(rows, norm_), head_), bias_);
}

// The residual stack, [B, T, D] to the same.
Tensor Backbone::mix(Tensor x, const Lengths& lengths, const Rng* dropout_rng) const {
  Rng rng = dropout_rng ? *dropout_rng : Rng(0, "");
  const auto drop = [&](const Tensor& y) {
    return dropout_rng && settings_.dropout > 0
               ? dropout(y, settings_.dropout, Rng(rng.bits(), "dropout"))
               : y;
  };
  for (const Block& block : blocks_) {
    Tensor n = rms_norm(x, block.norm);
    if (block.conv.defined()) n = causal_conv(n, block.conv);
    x = add(x, drop(block.mixer->forward(n, lengths)));
    if (block.up.defined()) x = add(x, drop(mlp(block, x)));
  }
  return x;
}

Tensor Backbone::forward(const Batch& batch, const Rng* dropout) const {
  const int64_t B = batch.size, T = batch.length, D = settings_.d_model, W = settings_.locality;
  Tensor x = embed(batch, 0);  // [B, T, D]
  if (W == 0 || T <= W) {
    x = mix(x, batch.lengths, dropout);
  } else {
    const int64_t windows = (T + W - 1) / W;
    x = concat({x, Tensor({B, windows * W - T, D})}, 1);
    x = mix(reshape(x, {B * windows, W, D}), window_lengths(batch.lengths, windows, W), dropout);
    x = slice(reshape(x, {B, windows * W, D}), 1, 0, T);
  }
  if (task_.readout == Readout::token) {
    const auto R = static_cast<int64_t>(batch.rows.size());
    return read_out(embedding(reshape(x, {B * T, D}), batch.rows, {R}));  // a gather of scored rows
  }
  const Tensor pooled = pool(x, batch.lengths);  // [B, D]
  if (task_.readout == Readout::sequence) return read_out(pooled);
  const Tensor a = slice(pooled, 0, 0, B / 2), b = slice(pooled, 0, B / 2, B);
  return read_out(concat({a, b, mul(a, b), sub(a, b)}, 1));
}

Tensor Backbone::pool(const Tensor& x, const Lengths& lengths) const {
  return settings_.pooling == "last" ? pool_last(x, lengths) : pool_mean(x, lengths);
}

Backbone::DecodeState Backbone::start(int64_t batch) const {
  DecodeState state;
  for (const Block& block : blocks_) {
    state.mixers.push_back(block.mixer->start(batch));
    State taps;
    if (block.conv.defined())
      taps.tensors.emplace_back(Shape{batch, settings_.short_conv - 1, settings_.d_model});
    state.convolutions.push_back(std::move(taps));
  }
  return state;
}

// The convolution of one position: state holds the inputs before it, oldest first.
Tensor Backbone::convolve_step(const Block& block, const Tensor& x, State& state) const {
  const int64_t B = x.dim(0), D = x.dim(1), K = settings_.short_conv;
  const Tensor window = concat({state.tensors[0], reshape(x, {B, 1, D})}, 1);  // [B, K, D]
  state.tensors[0] = slice(window, 1, 1, K);
  return reshape(slice(causal_conv(window, block.conv), 1, K - 1, K), {B, D});
}

Tensor Backbone::step(const Batch& column, DecodeState& state) const {
  if (settings_.locality > 0 && state.position % settings_.locality == 0) {  // a window begins
    const int64_t position = state.position;
    state = start(column.size);
    state.position = position;
  }
  Tensor x = reshape(embed(column, state.position), {column.size, settings_.d_model});  // [B, D]
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    Tensor n = rms_norm(x, block.norm);
    if (block.conv.defined()) n = convolve_step(block, n, state.convolutions[i]);
    x = add(x, block.mixer->step(n, state.mixers[i]));
    if (block.up.defined()) x = add(x, mlp(block, x));
  }
  ++state.position;
  return task_.readout == Readout::pair ? x : read_out(x);
}

int64_t Backbone::DecodeState::bytes() const {
  int64_t total = 0;
  for (const auto* states : {&mixers, &convolutions})
    for (const State& state : *states)
      for (const Tensor& tensor : state.tensors) total += tensor.bytes();
  return total;
}

int64_t Backbone::parameter_count() const {
  int64_t total = 0;
  for (const Parameter& parameter : parameters_) total += parameter.value.size();
  return total;
}

}  // namespace longhaul
