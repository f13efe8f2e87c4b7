#pragma once

#include "harness/results/record.h"
#include "longhaul/task.h"

namespace longhaul {

// measure_baselines() of a regression, as R^2 on the test examples: of the tests' own mean (chance,
// which is 0), of the mean of the training answers (majority), and of the task's shallow rule: its
// own answer, or the mean of the training answers with the same key.
Baselines number_baselines(const Task& task, int64_t test_examples, int64_t train_examples);

}  // namespace longhaul
