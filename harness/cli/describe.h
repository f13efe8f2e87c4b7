#pragma once

#include <nlohmann/json_fwd.hpp>

#include "longhaul/registry.h"

namespace longhaul {

// What `list` and `show` print of a model, a task and an option.
nlohmann::json describe(const ModelInfo& info);
nlohmann::json describe(const TaskInfo& info);
nlohmann::json describe(const OptionInfo& option);

}  // namespace longhaul
