#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "longhaul/registry.h"

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

}  // namespace longhaul
