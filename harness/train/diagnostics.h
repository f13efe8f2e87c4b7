#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/results/record.h"
#include "harness/train/attention_numbers.h"
#include "harness/train/lanes.h"

namespace longhaul {

// Where a diagnostic puts a number: the layer (none: the whole network), the name of the quantity.
using PutDiagnostic =
    std::function<void(std::optional<int64_t> layer, const std::string& name, double value)>;

// A layer of the model on a validation batch.
class LayerMoment {
 public:
  LayerMoment(int64_t index, const Mixer& mixer, const Tensor& x, const Lengths& lengths)
      : index_(index), mixer_(mixer), x_(x), lengths_(lengths) {}

  int64_t index() const { return index_; }
  // Of the mixer's attention, at evenly spaced queries; null of a mixer that shows none.
  const AttentionNumbers* attention();
  // The largest Lyapunov exponent of the mixer's recurrence; none of a mixer without
  // nonlinear_recurrence or m2rnn_recurrence.
  std::optional<double> exponent() const;

 private:
  int64_t at_most(int64_t positions) const;  // sequences that have no more together
  int64_t index_;
  const Mixer& mixer_;
  const Tensor& x_;
  const Lengths& lengths_;
  bool is_known_ = false;
  std::optional<AttentionNumbers> attention_;
};

// The model on a validation batch.
struct ModelMoment {
  const Model& model;
  const Batch& batch;
  int64_t layers;
  bool causal;
};

// A training step that was made. Arrays hold each parameter at its offset.
struct StepMoment {
  const Model& model;  // after the step
  const std::vector<int64_t>& offsets;
  const float* before;  // the weights
  const float* gradient;
  const Measurement& measured;              // during the step, of all lanes
  double objective;                         // before the step
  std::function<double()> objective_after;  // on the same batch
};

// What `diagnostics:` of a suite may list.
struct DiagnosticInfo {
  struct Quantity {
    std::string name;  // in diagnostics.csv
    std::string description;
  };

  std::string name;
  std::vector<Quantity> quantities;
  // How it is measured, one of three: of each layer and of the model after every validation pass,
  // and of the first step and of the one that follows each pass.
  void (*of_layer)(LayerMoment& layer, const PutDiagnostic& put) = nullptr;
  void (*of_model)(const ModelMoment& model, const PutDiagnostic& put) = nullptr;
  void (*of_step)(const StepMoment& step, const PutDiagnostic& put) = nullptr;
};

// The one table of diagnostics: a row and its function are all that one consists of.
const std::vector<DiagnosticInfo>& diagnostics();

// Measures a model while it trains and changes nothing of the training. Every number is one row of
// diagnostics.csv.
class Diagnostics {
 public:
  // What it holds between two steps.
  struct State {
    bool is_due = true;  // whether the coming step is one that is measured
    std::vector<DiagnosticPoint> points;
  };

  // `asked`: names of diagnostics(); throws Error for any other. `offsets`: gradient_layout() of
  // the model's parameters.
  Diagnostics(const Model& model, const std::vector<std::string>& asked, bool causal,
              std::vector<int64_t> offsets);

  void before_step();  // while the weights are the ones that the gradient will be of
  // With the step's gradient, batches, dropout streams and objective still in `lanes`.
  void after_step(int64_t step, const Lanes& lanes, const std::vector<Batch>& batches,
                  uint64_t dropout_seed, double objective);
  void after_validation(int64_t step, const Batch& batch);

  const State& state() const { return state_; }
  void resume(State state) { state_ = std::move(state); }

 private:
  bool asks_for_steps() const;
  PutDiagnostic put_at(int64_t step);

  const Model& model_;
  std::vector<DiagnosticInfo> asked_;
  bool causal_;
  std::vector<int64_t> offsets_;
  std::vector<float> before_;  // the step's weights, at offsets_
  State state_;
};

}  // namespace longhaul
