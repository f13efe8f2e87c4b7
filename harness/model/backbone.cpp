#include "harness/model/backbone.h"

#include "harness/model/recompute.h"
#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"

namespace longhaul {
namespace {

// [T, D]: the sine, in odd columns the cosine, of (first + t) 10000^(-2i/D), i = column / 2
// (Vaswani et al. 2017, section 3.5).
Tensor sinusoidal_positions(int64_t first, int64_t T, int64_t D) {
  Tensor table = Tensor::empty({T, D});
  for (int64_t t = 0; t < T; ++t)
    for (int64_t c = 0; c < D; ++c) {
      const double power = static_cast<double>(c - c % 2) / static_cast<double>(D);
      const double angle = static_cast<double>(first + t) * elementary::pow(10000.0, -power);
      table.data()[t * D + c] =
          static_cast<float>(c % 2 ? elementary::cos(angle) : elementary::sin(angle));
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

// The embedding as class vectors. A task whose answers are no tokens has none for them.
Tensor class_vectors(const InputEmbedding& input, const TaskShape& task) {
  require(
      input.table().defined() && task.vocab == task.classes && task.readout == Readout::token,
      "tied_embedding: the answers must be tokens at positions, as many as the vocabulary has; ",
      "the task has ", task.classes, " classes",
      input.table().defined() ? text(" and ", task.vocab, " tokens") : " and no tokens");
  return input.table();
}

bool has_canon(const Settings& settings, char point) {
  return settings.canon.find(point) != std::string::npos;
}

}  // namespace

Backbone::Backbone(const ModelInfo& mixer, Options& mixer_options, const Settings& settings,
                   const TaskShape& task, uint64_t seed, std::vector<Parameter>& parameters)
    : width_(settings.d_model),
      max_length_(task.max_length),
      locality_(settings.locality),
      checkpoint_blocks_(settings.checkpoint_blocks),
      is_post_norm_(settings.norm_place == "post") {
  require(!has_canon(settings, 'C') || has_mlp(settings), "canon: found ", settings.canon,
          ", but C stands before an MLP: feed_forward must be gated or gelu, mlp_ratio above 0");
  const int64_t D = width_;
  const auto context = [&](const std::string& prefix, int64_t layer = 0) {
    return MixerContext(D, max_length_, settings.causal, seed, prefix, mixer_options, parameters,
                        layer, settings.layers, task.trained_length);
  };
  const ParameterGroup no_decay{.lr_scale = 1, .decay = false};
  NetworkContext root(task, D, settings.layers, settings.causal, settings.pooling, seed,
                      mixer_options, parameters);
  input_ = InputEmbedding(root, D);
  bool learned_positions = false;
  for (int64_t layer = 0; layer < settings.layers; ++layer) {
    const std::string prefix = text("block.", layer, ".");
    MixerContext outer = context(prefix), inner = context(prefix + "mixer.", layer);
    Block block;
    block.norm = Norm(outer, "norm", settings.norm);
    if (has_canon(settings, 'A')) block.canon = canon_layer(outer, "canon.weight");
    if (settings.short_conv > 0)
      block.conv = ShortConv(outer, "conv.weight", settings.short_conv, false);
    block.mixer = mixer.make(inner);
    learned_positions |= inner.wants_learned_positions();
    sinusoidal_ |= inner.wants_sinusoidal_positions();
    block.gate = OutputGate(outer, settings);
    if (has_mlp(settings)) {
      block.mlp_norm = Norm(outer, "mlp.norm", settings.norm);
      if (has_canon(settings, 'C')) block.mlp_canon = canon_layer(outer, "mlp.canon.weight");
      block.mlp = Mlp(outer, settings);
    }
    blocks_.push_back(std::move(block));
  }
  if (learned_positions)
    positions_ = root.parameter("position.weight", {max_length_, D}, normal(0.1), no_decay);
  read_out_ = ReadOut(root, D, head_norm(settings.norm, settings.norm_place),
                      settings.tied_embedding ? class_vectors(input_, task) : Tensor());
}

// [B, T, D]; the batch's position 0 is position `first` of its sequences.
Tensor Backbone::embed(const Batch& batch, int64_t first) const {
  const int64_t T = batch.length;
  Tensor x = input_(batch);
  if (sinusoidal_) x = add(x, sinusoidal_positions(first, T, width_));
  if (!positions_.defined()) return x;
  require(first + T <= max_length_, "position ", first + T - 1, " is beyond the ", max_length_,
          " learned positions");
  return add(x, slice(positions_, 0, first, first + T));
}

Tensor Backbone::add_mixer(const Block& block, const Tensor& x, const Lengths& lengths,
                           Dropout& drop, const LayerVisitor& visit) const {
  Tensor n = is_post_norm_ ? x : block.norm(x, lengths, drop.is_training());
  n = block.conv(block.canon(n));
  if (visit) visit(*block.mixer, n, lengths);
  Tensor y = block.mixer->forward(n, lengths);
  if (block.gate) y = block.gate(y, drop);
  y = add(x, drop(y));
  return is_post_norm_ ? block.norm(y, lengths, drop.is_training()) : y;
}

Tensor Backbone::add_mlp(const Block& block, const Tensor& x, const Lengths& lengths,
                         Dropout& drop) const {
  const bool trains = drop.is_training();
  const Tensor n = is_post_norm_ ? x : block.mlp_norm(x, lengths, trains);
  const Tensor y = add(x, drop(block.mlp(block.mlp_canon(n))));
  return is_post_norm_ ? block.mlp_norm(y, lengths, trains) : y;
}

// The residual stack, [B, T, D] to the same.
Tensor Backbone::mix(Tensor x, const Lengths& lengths, Dropout& drop,
                     const LayerVisitor& visit) const {
  if (checkpoint_blocks_ && !visit) return mix_checkpointed(x, lengths, drop);
  for (const Block& block : blocks_) {
    x = add_mixer(block, x, lengths, drop, visit);
    if (block.mlp) x = add_mlp(block, x, lengths, drop);
  }
  return x;
}

// mix(), of which the tape keeps little.
Tensor Backbone::mix_checkpointed(Tensor x, const Lengths& lengths, Dropout& drop) const {
  for (const Block& block : blocks_) {
    const auto mixer = [this, &block, lengths](const Tensor& in, Dropout& from) {
      return add_mixer(block, in, lengths, from, nullptr);
    };
    const auto mlp = [this, &block, lengths](const Tensor& in, Dropout& from) {
      return add_mlp(block, in, lengths, from);
    };
    x = recomputed(mixer, x, drop, block.norm.gain());
    if (block.mlp) x = recomputed(mlp, x, drop, block.mlp_norm.gain());
  }
  return x;
}

// Embedding and stack, [B, T, D].
Tensor Backbone::run(const Batch& batch, Dropout& drop, const LayerVisitor& visit) const {
  const int64_t B = batch.size, T = batch.length, D = width_, W = locality_;
  Tensor x = embed(batch, 0);
  if (W == 0 || T <= W) return mix(x, batch.lengths, drop, visit);
  const int64_t windows = (T + W - 1) / W;
  x = concat({x, Tensor({B, windows * W - T, D})}, 1);
  x = mix(reshape(x, {B * windows, W, D}), window_lengths(batch.lengths, windows, W), drop, visit);
  return slice(reshape(x, {B, windows * W, D}), 1, 0, T);
}

Tensor Backbone::forward(const Batch& batch, Dropout drop) const {
  return read_out_(run(batch, drop, nullptr), batch);
}

void Backbone::visit_layers(const Batch& batch, const LayerVisitor& visit) const {
  Dropout none;
  run(batch, none, visit);
}

DecodeState Backbone::start(int64_t batch) const {
  DecodeState state;
  for (const Block& block : blocks_) state.parts.push_back(block.mixer->start(batch));
  for (const Block& block : blocks_)
    for (const ShortConv* conv : {&block.canon, &block.conv, &block.mlp_canon})
      state.parts.push_back(conv->start(batch));
  return state;
}

Tensor Backbone::step(const Batch& column, DecodeState& state) const {
  if (locality_ > 0 && state.position % locality_ == 0) {  // a window begins
    const int64_t position = state.position;
    state = start(column.size);
    state.position = position;
  }
  Tensor x = reshape(embed(column, state.position), {column.size, width_});  // [B, D]
  Dropout none;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const Block& block = blocks_[i];
    Tensor n = is_post_norm_ ? x : block.norm.step(x);
    State* taps = &state.parts[blocks_.size() + 3 * i];
    n = block.conv.step(block.canon.step(n, taps[0]), taps[1]);
    Tensor y = block.mixer->step(n, state.parts[i]);
    if (block.gate) y = block.gate(y, none);
    x = is_post_norm_ ? block.norm.step(x + y) : x + y;
    if (!block.mlp) continue;
    n = block.mlp_canon.step(is_post_norm_ ? x : block.mlp_norm.step(x), taps[2]);
    x = x + block.mlp(n);
    if (is_post_norm_) x = block.mlp_norm.step(x);
  }
  ++state.position;
  return read_out_.step(x);
}

}  // namespace longhaul
