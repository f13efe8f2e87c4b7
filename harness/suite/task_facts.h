#pragma once

#include <cstdint>
#include <string>

#include "harness/settings/option_check.h"
#include "harness/settings/trial_spec.h"
#include "longhaul/batch.h"
#include "longhaul/network.h"

namespace longhaul {

// All that a suite asks of a task before its trials run.
struct TaskFacts : OptionCheck {  // the rest is as here unless ok()
  int64_t version = 0;
  int64_t max_length = kAnyLength;  // in training
  int64_t train_examples = 0;       // 0: without end
  bool is_regression = false;
  TaskShape shape;         // of training and tests
  std::string untestable;  // why it cannot be tested as asked, "" if it can
  Batch batch;             // a few training examples, if asked for
};

// What a suite wants to know.
struct TaskQuestion {
  std::string name;  // of its column
  const TaskInfo& info;
  const OptionMap& options;
  const Evaluate& evaluate;
  bool wants_batch = false;
};

// Asks the task. What a task of a plugin answers is tried in a child process first, so that one
// that crashes, ends the program or never ends is told in `crash` and `failure`.
TaskFacts ask(const TaskQuestion& question, const Registry& registry);

}  // namespace longhaul
