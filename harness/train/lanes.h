#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "harness/model/model.h"
#include "harness/train/objective.h"
#include "longhaul/rng.h"
#include "math/meter.h"
#include "math/ranks.h"
#include "math/recurrence/last_states.h"

namespace longhaul {

// One training step's gradient, computed in lanes: each batch of `lane_batches` runs forward and
// backward on one thread with its own tape and gradient array; the arrays are summed by a fixed
// tree. Loss and gradient have the same bits for any number of threads, and of processes that share
// the lanes (math/ranks.h).
class Lanes {
 public:
  // `offsets`: gradient_layout() of the model's parameters. Without an objective, the plain loss.
  Lanes(const Model& model, int64_t lanes, std::vector<int64_t> offsets,
        Objective objective = nullptr);

  struct Result {           // means over the scored positions of the whole batch
    double plain_loss = 0;  // cross entropy, or the squared error of a regression
    double objective = 0;   // what the gradient is of
    double gradient_norm = 0;
  };
  // At most `lanes` batches. `dropout_seed` names the step's dropout streams.
  Result run(const std::vector<Batch>& lane_batches, uint64_t dropout_seed);

  // The same objective without its gradient, under the model's present weights.
  double objective(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) const;

  const float* gradient() const { return slots_[0].data(); }
  const Measurement& measured() const { return measured_; }  // during the last run, over all lanes
  // Whether measured() has a profile of the operators from the next run on.
  void profile_operators(bool wanted);

  // What solvers found in the last run, where the next begins (Start::last): "lane/layer".
  std::vector<std::pair<std::string, Tensor>> last_states() const;
  void resume_last_states(const std::map<std::string, Tensor>& stored, const std::string& prefix);

 private:
  void clear();
  void gather();
  double sum_gradients();

  const Model& model_;
  int64_t total_, trained_;    // of a gradient array; of what is trained, which stands first
  Ranks::Share own_;           // the lanes of this process
  std::vector<Tensor> slots_;  // one flat gradient array for each of these
  std::vector<float*> slot_pointers_;
  Objective objective_;
  std::vector<Result> lane_results_;
  std::vector<Measurement> lane_measured_;
  std::vector<LastStates> lane_last_;
  Measurement measured_;
};

}  // namespace longhaul
