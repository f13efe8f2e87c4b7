#pragma once

#include <memory>
#include <string>
#include <vector>

#include "harness/settings/trial_spec.h"

namespace longhaul {

// What a model or task made of the options given to it.
struct OptionCheck {
  std::vector<OptionInfo> declared;
  OptionMap resolved;                   // every declared option with the value it has
  std::vector<OptionProblem> problems;  // of declared options
  std::vector<std::string> unknown;     // given, but no option of this model or task
  std::string failure;                  // why it could not be built at all, or ""
  // How building it ends the program, where it is of a plugin: "killed by SIGSEGV". Nothing is
  // known of its options then, and `resolved` is what was given.
  std::string crash;

  bool ok() const {
    return problems.empty() && unknown.empty() && failure.empty() && crash.empty();
  }
};

// A length to build a model for where no task says one, or where nothing hangs on it.
constexpr int64_t kAnyLength = 1024;

// Builds the model once: a network, or as the first block of a backbone with these settings would
// be; of a hybrid, one block of every mixer. Where it is of a plugin, a child process does so
// first: what crashes or hangs there is told.
OptionCheck check_model(const ModelInfo& info, const Settings& settings, int64_t max_length,
                        const OptionMap& given);

struct TaskCheck : OptionCheck {
  std::unique_ptr<Task> task;  // null unless ok()
};
TaskCheck check_task(const TaskInfo& info, const OptionMap& given);

// Whether the model can be built to see what the settings ask for. Where it cannot, check_model
// builds it the other way, so that its options are still checked.
bool supports(const ModelInfo& info, bool causal);

}  // namespace longhaul
