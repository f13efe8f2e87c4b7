#pragma once

#include <filesystem>

#include "harness/model/model.h"
#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"
#include "harness/train/trainer.h"
#include "longhaul/registry.h"

namespace longhaul {

// Everything built in, and "seen", a task that every model family can learn in seconds: at each
// position, has token 1 occurred yet?
Registry registry_with_seen_task();

// A trial of a small model on it.
TrialSpec seen_trial(const std::string& model, int64_t steps);

// Runs such a trial on so many threads, whatever the tests around it use.
TrialRecord run_seen_trial(const TrialSpec& spec, const std::filesystem::path& dir,
                           int on_threads = 1);

// Trains and leaves nothing on the disk.
Training train_alone(Model& model, const Task& task, const TrialSpec& spec);

}  // namespace longhaul
