#pragma once

#include "harness/record/record.h"
#include "longhaul/task.h"

namespace longhaul {

// Fits the majority and the task's shallow rule on training examples of stream 0 and scores them,
// and chance, on the first `test_examples` of the test split.
Baselines measure_baselines(const Task& task, int64_t test_examples);

}  // namespace longhaul
