#pragma once

#include <functional>
#include <stdexcept>
#include <vector>

#include "harness/results/record.h"
#include "harness/train/lanes.h"
#include "harness/train/resume.h"
#include "harness/train/trial_progress.h"

namespace longhaul {

// A loss that is not finite; the trial's status is `diverged`.
class Diverged : public Error {
 public:
  using Error::Error;
};

// A training that was asked to stop (harness/train/stop_request.h) and has stored what it reached.
class StoredToResume : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What training a model on a task's stream found.
struct Training {
  TrainingState state;
  double train_loss = 0;  // cross entropy; of a regression the squared error
  double flops_per_token = 0;
  std::vector<CurvePoint> curve;
};

// Who hears of a training while it runs.
struct Listeners {
  std::function<void(const Progress&)> step;  // of every step
  // Of what is found so far: after every validation pass, and when that is stored.
  std::function<void(const Training&)> so_far;
};

// Trains to the end of the budget, or of its patience: batches of fresh examples from the seed's
// own part of the training stream, the optimizer along its schedule, `evaluations` validation
// passes. It goes on from what `resume` holds, and ends with the bytes of a training that was never
// stopped. On return the model holds the weights that validation chose. Throws Diverged,
// StoredToResume, and Error for settings that none may have; whatever it throws, `training` holds
// what was found until then. The registry knows the loss and the optimizer.
void train(Model& model, const Task& task, const TrialSpec& spec, const Listeners& listeners,
           ResumeFiles& resume, Training& training, const Registry& registry);

}  // namespace longhaul
