#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/data/test_tasks.h"
#include "harness/model/model.h"
#include "harness/results/record.h"

namespace longhaul {

// Scores the model on each of them, as trained and with each post-hoc change of its mixer.
// `trained` is the task it was trained on, `shape` what the model was built for, `validation` the
// score that chose its weights. A test whose logits are not numbers is `diverged`; throws Diverged
// where all are.
std::vector<Evaluation> run_tests(const Model& model, const TrialSpec& spec,
                                  const Registry& registry, const Task& trained,
                                  const std::vector<TestTask>& tests, const TaskShape& shape,
                                  double validation);

// Decodes the first sequence of a batch to its end and weighs the state that is then held.
int64_t measure_state(const Model& model, const Batch& batch);

}  // namespace longhaul
