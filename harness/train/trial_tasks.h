#pragma once

#include <memory>
#include <vector>

#include "harness/data/test_tasks.h"
#include "harness/model/model.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/registry.h"

namespace longhaul {

// What a trial trains on and is tested on.
struct TrialTasks {
  std::unique_ptr<Task> task;     // as the spec names it
  std::unique_ptr<Task> subset;   // the training examples that the settings leave of it; null: all
  std::unique_ptr<Task> pretext;  // of pretraining: its inputs to be restored; else null
  std::vector<TestTask> tests;    // none in pretraining
  TaskShape shape;                // what the model must be built for

  const Task& trained_on() const { return pretext ? *pretext : subset ? *subset : *task; }
};

// Throws as make_task() and make_test_tasks() do, and Error for a share of examples without end.
TrialTasks tasks_of(const TrialSpec& spec, const Registry& registry);

// The trial's model with its first weights. Throws as Model does, and Error for unknown options.
Model make_model(const TrialSpec& spec, const Registry& registry, const TaskShape& shape);

}  // namespace longhaul
