#include "harness/model/model.h"

#include <algorithm>
#include <cmath>

namespace longhaul {
namespace {

void check_direction(const ModelInfo& info, const Settings& settings, const TaskShape& task) {
  const bool causal = settings.causal;
  if (info.direction == (causal ? Direction::bidirectional : Direction::causal))
    throw Unsupported(text("model '", info.name, "' is ", causal ? "bidirectional" : "causal",
                           " only, the settings ask for causal: ", causal ? "true" : "false"));
  if (task.readout == Readout::token && !causal && !task.hidden)
    throw Unsupported("a task that is read at every position needs causal: true");
}

// A network of its own has none of the backbone's blocks.
void refuse_backbone_settings(const ModelInfo& info, const Settings& settings) {
  const Settings usual;
  const std::pair<const char*, bool> of_blocks[] = {
      {"checkpoint_blocks", settings.checkpoint_blocks},
      {"norm", settings.norm != usual.norm},
      {"norm_place", settings.norm_place != usual.norm_place},
      {"feed_forward", settings.feed_forward != usual.feed_forward},
      {"tied_embedding", settings.tied_embedding}};
  for (const auto& [name, is_set] : of_blocks)
    require(!is_set, name, ": model '", info.name,
            "' has no blocks of the common backbone; leave it out");
}

}  // namespace

TaskShape shape_of(const Task& task) {
  return {.vocab = task.vocab(),
          .classes = task.classes(),
          .max_length = task.max_length(),
          .trained_length = task.max_length(),
          .readout = task.readout(),
          .channels = task.channels()};
}

int64_t rows_without_answer(const Tensor& logits) {
  const int64_t C = logits.dim(-1);
  int64_t count = 0;
  for (int64_t at = 0; at < logits.size(); at += C) {
    const float* row = logits.data() + at;
    const bool has_nan = std::any_of(row, row + C, [](float x) { return std::isnan(x); });
    count += has_nan || !std::isfinite(*std::max_element(row, row + C));
  }
  return count;
}

Model::Model(const ModelInfo& info, Options& options, const Settings& settings,
             const TaskShape& task, uint64_t seed)
    : dropout_(settings.dropout), precision_(precision_of(settings.precision)) {
  check_direction(info, settings, task);
  if (info.make_network) {
    refuse_backbone_settings(info, settings);
    NetworkContext context(task, settings.d_model, settings.layers, settings.causal,
                           settings.pooling, seed, options, parameters_);
    network_ = info.make_network(context);
  } else {
    auto backbone = std::make_unique<Backbone>(info, options, settings, task, seed, parameters_);
    backbone_ = backbone.get();
    network_ = std::move(backbone);
  }
}

Tensor Model::forward(const Batch& batch, const Rng* dropout) const {
  const PrecisionScope scope(precision_);
  return network_->forward(batch, dropout ? Dropout(dropout_, *dropout) : Dropout());
}

void Model::visit_layers(const Batch& batch, const LayerVisitor& visit) const {
  const PrecisionScope scope(precision_);
  if (backbone_) backbone_->visit_layers(batch, visit);
}

DecodeState Model::start(int64_t batch) const {
  if (!decodes()) throw Unsupported("the network does not decode");
  const PrecisionScope scope(precision_);
  return network_->start(batch);
}

Tensor Model::step(const Batch& column, DecodeState& state) const {
  const PrecisionScope scope(precision_);
  return network_->step(column, state);
}

void Model::redraw(int64_t step) {
  for (const Parameter& parameter : parameters_)
    if (parameter.redraw) parameter.redraw(step);
}

int64_t Model::parameter_count() const {
  int64_t total = 0;
  for (const Parameter& parameter : parameters_)
    if (parameter.trained()) total += parameter.value.size();
  return total;
}

Tensor Model::head() const {
  const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                  [](const Parameter& p) { return p.name == "head.weight"; });
  return found == parameters_.end() ? Tensor() : found->value;
}

TaskShape shape_of(const Task& task, const std::vector<TestTask>& tests) {
  TaskShape shape = shape_of(task);
  for (const TestTask& test : tests)
    shape.max_length = std::max(shape.max_length, test.task->max_length());
  return shape;
}

}  // namespace longhaul
