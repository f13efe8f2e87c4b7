#pragma once

#include "harness/check/model_conformance.h"

namespace longhaul {

// What a task promises by being registered (longhaul/task.h), checked on `draws` examples a split:
//   sizes and version are declared; an option that it does not read is refused; inputs, targets and
//   shallow answers keep what is declared; show() writes lines; an example is the same whatever was
//   drawn before, and others with another seed; no input is in two splits, and a split is not one
//   example again and again.
// Throws Error if the task cannot be built with these options.
std::vector<Promise> check_promises(const TaskInfo& task, const OptionMap& options = {},
                                    int64_t draws = 200, const PromiseBegins& begins = nullptr);

}  // namespace longhaul
