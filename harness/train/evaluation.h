#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/record/record.h"
#include "harness/train/model.h"

namespace longhaul {

// Test examples that a trained model is scored on: its task at another length, or with another test
// set, as TrialSpec::evaluate asks.
struct TestTask {
  int64_t length = 0;    // 0: the task's own
  std::string test_set;  // "": the task's own
  std::unique_ptr<Task> task;
};

// A trial's task, with changes to its options, reading from a cache where there is one.
std::unique_ptr<Task> make_task(const TrialSpec& spec, const Registry& registry,
                                const OptionMap& changes = {});

// The tasks that a trial tests on. Throws Error where its task cannot be made at a length, or where
// it then has another vocabulary or other classes.
std::vector<TestTask> make_test_tasks(const TrialSpec& spec, const Registry& registry);

// What a model must be built for to train on `task` and to be tested on `tests`.
TaskShape shape_of(const Task& task, const std::vector<TestTask>& tests);

// Scores the model on each of them, as trained and with each post-hoc change of its mixer.
// `trained` is the task it was trained on, `shape` what the model was built for, `validation` the
// score that chose its weights.
std::vector<Evaluation> run_tests(const Model& model, const TrialSpec& spec,
                                  const Registry& registry, const Task& trained,
                                  const std::vector<TestTask>& tests, const TaskShape& shape,
                                  double validation);

}  // namespace longhaul
