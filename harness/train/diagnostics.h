#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/results/record.h"
#include "harness/train/lanes.h"

namespace longhaul {

// Measures a model while it trains and changes nothing of the training. Every number is one row of
// diagnostics.csv; docs/results.md says what each of them means.
//
// Weights of attention and norms of states are measured after every validation pass on a validation
// batch, gradients and updates in the first step and in the one that follows each pass.
class Diagnostics {
 public:
  // `asked` as diagnostic_names() has them. `offsets`: gradient_layout() of the model's parameters.
  Diagnostics(const Model& model, const std::vector<std::string>& asked, bool causal,
              std::vector<int64_t> offsets);

  void before_step();  // while the weights are the ones that the gradient will be of
  // With the step's gradient, batches, dropout streams and objective still in `lanes`.
  void after_step(int64_t step, const Lanes& lanes, const std::vector<Batch>& batches,
                  uint64_t dropout_seed, double objective);
  void after_validation(int64_t step, const Batch& batch);

  const std::vector<DiagnosticPoint>& points() const { return points_; }

 private:
  bool asks(const std::string& name) const;
  void put(int64_t step, std::optional<int64_t> layer, const std::string& name, double value);
  void put_gradient_norms(int64_t step, const float* gradient);
  // What first order makes of the loss is returned.
  double put_update_cosines(int64_t step, const float* gradient);
  void put_attention(int64_t step, int64_t layer, const Mixer& mixer, const Tensor& x,
                     const Lengths& lengths);
  void put_state_norms(int64_t step, const Batch& batch, int64_t layers);

  const Model& model_;
  std::vector<std::string> asked_;
  bool causal_;
  std::vector<int64_t> offsets_;
  bool is_due_ = true;         // whether the coming step is one that is measured
  std::vector<float> before_;  // the step's weights, at offsets_
  std::vector<DiagnosticPoint> points_;
};

}  // namespace longhaul
