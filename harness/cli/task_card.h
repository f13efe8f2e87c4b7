#pragma once

#include <nlohmann/json_fwd.hpp>

#include "longhaul/registry.h"

namespace longhaul {

// Baselines of a task with its defaults, from about as many input positions of each of training and
// test as given: {chance, majority, shallow, examples}. Null where the task needs options, such as
// files, before it has examples.
nlohmann::json quick_baselines(const TaskInfo& info, int64_t positions);

// Everything about a task: sizes, options, an example, baselines, published figures.
nlohmann::json task_card(const TaskInfo& info);

}  // namespace longhaul
