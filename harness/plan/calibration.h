#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/results/record.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/registry.h"

namespace longhaul {

// What the parts of a trial cost on this machine, measured on a few training steps and on as many
// examples.
struct Calibration {
  Status status = Status::failed;  // how a trial of it would end, as far as was seen
  std::string message;
  int64_t parameters = 0;
  // Of a training step, means.
  double step_seconds = 0, step_tokens = 0, step_flops = 0;
  int64_t peak_activation_bytes = 0;  // of training
  int64_t peak_resident_bytes = 0;    // of the whole trial
  // Beside the steps.
  double start_seconds = 0;       // the process, its data, and what its first steps take more
  double validation_seconds = 0;  // of one pass, with the diagnostics that follow it
  double test_seconds = 0;        // of all test sets, with baselines and the decode state
  double store_seconds = 0;       // of the checkpoint
  double total_seconds = 0;       // that the calibration took inside its process

  bool ok() const { return status == Status::ok; }
};

// The trial that is measured for this one: all that bears on what it costs, and nothing else. So
// trials that differ in seed, budget or learning rate share a calibration.
TrialSpec calibration_spec(const TrialSpec& spec);

// Trains `spec`, made by calibration_spec(), for about a second and scores some examples on
// `threads` threads. `dir` receives the checkpoint. A model that fails is a calibration that is not
// ok. Throws MachineFault where the data of the task cannot be read.
Calibration calibrate(const TrialSpec& spec, const Registry& registry,
                      const std::filesystem::path& dir, int threads);

nlohmann::json to_json(const Calibration& calibration);
Calibration calibration_from_json(const nlohmann::json& json);  // throws Error naming the key

}  // namespace longhaul
