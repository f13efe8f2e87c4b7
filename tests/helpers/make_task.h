#pragma once

#include <memory>

#include "core/builtins.h"
#include "longhaul/registry.h"

namespace longhaul {

// A built-in task with the given options; throws Error listing all that is wrong with them.
inline std::unique_ptr<Task> make_task(const std::string& name, const OptionMap& given = {}) {
  Registry registry;
  register_builtins(registry);
  Options options(given);
  std::unique_ptr<Task> task = registry.task(name).make(options);
  options.check(name);
  return task;
}

}  // namespace longhaul
