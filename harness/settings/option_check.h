#pragma once

#include <functional>
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
  // Why code of a plugin came to no end, beside an Error: "plugin P: building NAME fails: killed by
  // SIGSEGV". Nothing is known of its options then, and `resolved` is what was given.
  std::string crash;

  bool ok() const {
    return problems.empty() && unknown.empty() && failure.empty() && crash.empty();
  }
};

// Does work that runs code of `origin`, if that is a plugin, in a child process. Returns what comes
// of it there: ok(), or a crash, or as a failure that it has not ended after so many seconds.
OptionCheck try_plugin(const std::string& origin, const std::string& doing,
                       const std::function<void()>& work, double seconds = 60);

// A length to build a model for where no task says one, or where nothing hangs on it.
constexpr int64_t kAnyLength = 1024;

// Builds the model once: a network, or as the first block of a backbone with these settings would
// be; of a hybrid, one block of every mixer. Both models and tasks of plugins are tried in a child
// process first.
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
