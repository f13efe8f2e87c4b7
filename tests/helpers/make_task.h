#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "core/builtins.h"
#include "longhaul/registry.h"

namespace longhaul {

// Options that are whole numbers.
inline OptionMap sizes(const std::map<std::string, int64_t>& given) {
  return {given.begin(), given.end()};
}

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
