#pragma once

#include <memory>
#include <vector>

#include "core/batch.h"
#include "harness/data/test_tasks.h"
#include "harness/model/backbone.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/error.h"
#include "longhaul/network.h"
#include "longhaul/registry.h"
#include "math/precision.h"

namespace longhaul {

// A model that is asked for something it does not do; the trial's status is `unsupported`.
class Unsupported : public Error {
 public:
  using Error::Error;
};

TaskShape shape_of(const Task& task);

// How many rows of logits [rows, classes] hold no answer: one of them is not a number, or the
// largest is infinite. What a model says is used only where there are none.
int64_t rows_without_answer(const Tensor& logits);

// What is trained, tested and timed: a registered mixer in the common backbone, or a registered
// network by itself, with its parameters.
class Model {
 public:
  // Throws Error if the model cannot be built so, and Unsupported if it declines the direction.
  Model(const ModelInfo& info, Options& options, const Settings& settings, const TaskShape& task,
        uint64_t seed);

  // Logits [rows, classes] at the batch's scored rows. `dropout` is the stream that dropout draws
  // from, nullptr in evaluation.
  Tensor forward(const Batch& batch, const Rng* dropout = nullptr) const;

  // A forward pass in evaluation of which `visit` hears; of a network without layers that it knows
  // there is nothing to hear.
  void visit_layers(const Batch& batch, const LayerVisitor& visit) const;

  // Decoding: one position of every sequence at a time, given as column() cuts it from a batch
  // -> logits [size, classes] as Readout::token would give there (see ReadOut::step for a pair).
  bool decodes() const { return network_->decodes(); }
  DecodeState start(int64_t batch) const;  // throws Unsupported where it does not decode
  Tensor step(const Batch& column, DecodeState& state) const;

  // Draws anew what is due before training step `step`, counted from 0 (MixerContext::redrawn).
  void redraw(int64_t step);

  // The trained ones and those that are drawn.
  const std::vector<Parameter>& parameters() const { return parameters_; }
  int64_t parameter_count() const;  // of the trained ones
  // head.weight [what it reads, classes], a column a class; undefined if a network has none.
  Tensor head() const;

 private:
  double dropout_;
  Precision precision_;  // of every pass
  std::vector<Parameter> parameters_;
  std::unique_ptr<Network> network_;
  const Backbone* backbone_ = nullptr;  // the network, if it is one
};

// What a model must be built for to train on `task` and to be tested on `tests`.
TaskShape shape_of(const Task& task, const std::vector<TestTask>& tests);

}  // namespace longhaul
