#pragma once

#include "harness/plan/calibration.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

// What a trial will cost, as its calibration foretells.
struct TrialCost {
  int64_t steps = 0;
  double tokens = 0, flops = 0;  // of training, as its record will count them
  double train_seconds = 0;      // of training steps alone, as its record will say
  double seconds = 0;            // of its whole process
};

// `calibration` is that of calibration_spec(spec). A trial that will not end well costs nothing.
TrialCost cost_of(const TrialSpec& spec, const Calibration& calibration);

}  // namespace longhaul
