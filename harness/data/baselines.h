#pragma once

#include "harness/results/record.h"
#include "longhaul/task.h"

namespace longhaul {

// Fits the majority and the task's shallow rule (its own, or a bag of tokens) on `train_examples`
// of stream 0, or on as many as there are, and scores them, and chance, on the first
// `test_examples` of the test split. Long examples are drawn more sparingly: the default is 4000,
// but no more than hold 16 million positions.
// Scores of a regression are R^2 (number_baselines.h), and it has no bag of tokens.
// On request a bag of tokens is fitted beside the task's own rule, if the task has one answer a
// sequence.
Baselines measure_baselines(const Task& task, int64_t test_examples, int64_t train_examples = 0,
                            bool with_bag_of_tokens = false);

int64_t default_train_examples(const Task& task);  // of measure_baselines

}  // namespace longhaul
