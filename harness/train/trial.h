#pragma once

#include <filesystem>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

// Where and how a trial runs. None of it changes what the trial finds.
struct TrialPlace {
  std::filesystem::path dir;
  int threads = 1;
  double checkpoint_seconds = 0;  // between two files to resume from (harness/train/resume.h)
};

// Trains and scores one trial, or goes on with one that was stopped. While it runs it keeps
// progress.json in its folder current (harness/train/trial_progress.h), and curve.csv at every
// validation; it leaves curve.csv, if they are asked for diagnostics.csv and, if the status
// is ok, checkpoint.safetensors. A loss that is not finite ends it as `diverged`; a model that
// declines the task as `unsupported`; any Error as `failed`. It does not write record.json: the
// caller does, last. Throws StoredToResume (harness/train/trainer.h) when it was asked to stop, and
// MachineFault (support/exit_status.h) where a file of the task's data, of a cache or of its folder
// cannot be read or written.
TrialRecord run_trial(const TrialSpec& spec, const Registry& registry, const TrialPlace& place);

// Whether the trial in `dir` has left a checkpoint that can be read.
bool has_weights(const std::filesystem::path& dir);

}  // namespace longhaul
