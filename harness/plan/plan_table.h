#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/plan/suite_plan.h"

namespace longhaul {

// For people, at most 80 columns wide where names allow it: a table for each task, what all of it
// comes to, and why a row has no cost.
std::string to_text(const SuitePlan& plan);

// All that is known, for scripts (docs/plan.md). Bytes, seconds, operations.
nlohmann::json to_json(const SuitePlan& plan);

}  // namespace longhaul
