#pragma once

#include <string>
#include <vector>

#include "harness/settings/option_check.h"

namespace longhaul {

// Options given as --set arguments, "NAME=VALUE". Throws Error listing those that are not.
OptionMap read_assignments(const std::vector<std::string>& assignments);

// The task with options given as --set arguments, "NAME=VALUE". Throws Error listing every problem.
TaskCheck build_task(const TaskInfo& info, const std::vector<std::string>& assignments);
// The same with options by name, as a caller of the library has them.
TaskCheck build_task(const TaskInfo& info, const OptionMap& options);

}  // namespace longhaul
