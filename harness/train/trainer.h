#pragma once

#include <functional>
#include <vector>

#include "harness/results/record.h"
#include "harness/train/lanes.h"
#include "harness/train/trial.h"

namespace longhaul {

// A loss that is not finite; the trial's status is `diverged`.
class Diverged : public Error {
 public:
  using Error::Error;
};

// What training a model on a task's stream found.
struct Training {
  int64_t steps = 0;
  int64_t tokens = 0;
  double seconds = 0;     // of training steps alone: drawing examples, lanes, optimizer
  double train_loss = 0;  // cross entropy
  double flops_per_token = 0;
  int64_t selected_step = 0;
  double validation = 0;
  int64_t peak_activation_bytes = 0;
  std::vector<CurvePoint> curve;
  std::vector<DiagnosticPoint> diagnostics;
  std::map<std::string, double> notes;
};

// Trains to the end of the budget: batches of fresh examples from the seed's own part of the
// training stream, the optimizer with warm-up and cosine decay, `evaluations` validation passes.
// On return the model holds the weights that validation chose. Throws Diverged, and Error for
// settings that none may have; whatever it throws, `training` holds what was found until then.
// `report` hears of every step; it decides itself what to do with that.
void train(Model& model, const Task& task, const TrialSpec& spec,
           const std::function<void(const Progress&)>& report, Training& training);

}  // namespace longhaul
