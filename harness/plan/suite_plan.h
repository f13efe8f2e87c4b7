#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/plan/calibrate_all.h"
#include "harness/plan/trial_cost.h"
#include "harness/run/trial_lines.h"
#include "harness/suite/suite.h"
#include "longhaul/registry.h"

namespace longhaul {

struct PlanOptions {
  int jobs = 0;     // trials at once; 0: as many as the cores allow at `threads` each
  int threads = 1;  // of each trial
  int hosts = 0;    // that share the trials; 0: this machine, as `run` would
  int cores = 0;    // of each of them; 0: as this one
  std::filesystem::path cache = plan_cache_folder();
  std::filesystem::path worker = CalibrationOptions().worker;
};

// Trials that cost the same but for their seed: a model on a task.
struct PlanRow {
  std::string model, task;  // "transformer+masked": with a loss or a pretraining of its own
  TrialKind kind = TrialKind::trial;
  int64_t trials = 0;  // not yet finished
  Calibration calibration = {};
  TrialCost cost = {};  // of one trial
};

// What is left to do of a suite, and what it will cost.
struct SuitePlan {
  std::string suite;
  std::vector<PlanRow> rows;
  int64_t trials = 0;           // not yet finished
  int64_t finished = 0;         // before, as `run` would keep them
  int64_t uncosted = 0;         // of `trials`: those of models that cannot be calibrated
  int64_t hosts = 0;            // as asked
  int64_t at_once = 1;          // trials, on each host
  int64_t threads = 1;          // of each trial
  bool has_throughput = false;  // a throughput phase comes after the trials, at a cost of its own

  double seconds = 0;               // of all trials, one after another
  double makespan_seconds = 0;      // with so many at once
  double flops = 0;                 // of training
  int64_t peak_resident_bytes = 0;  // of the largest trials that may run at once on a host

  bool has_failures() const;  // whether a model fails, other than by declining a task
};

// Plans what `run` would do of the suite in the results folder `out`, which need not be there. A
// tuned suite is planned with the candidates that won, where all have run, else with the first.
// Throws as calibrate_all() does, and Error where a host has fewer cores than a trial has threads.
SuitePlan plan_suite(const Suite& suite, const Registry& registry, const std::filesystem::path& out,
                     const PlanOptions& options, const CalibrationProgress& report);

}  // namespace longhaul
