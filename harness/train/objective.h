#pragma once

#include "harness/settings/settings.h"
#include "longhaul/loss.h"
#include "longhaul/registry.h"
#include "longhaul/task.h"

namespace longhaul {

// The objective that the settings loss and loss_* ask for. `head` [width, classes] holds the
// model's class vectors as columns. `task`, with the settings' label noise, says how often each
// class is the answer. Throws Error if `loss` names none, or none for the task's answers.
Objective make_objective(const Settings& settings, const Tensor& head, const Task& task,
                         const Registry& registry);

// Why these settings do not suit answers that are classes, or real numbers (`is_regression`); "" if
// they do.
std::string answer_problem(const Settings& settings, bool is_regression, const Registry& registry);

}  // namespace longhaul
