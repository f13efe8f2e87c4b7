#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "harness/settings/trial_spec.h"
#include "longhaul/task.h"
#include "longhaul/tensor.h"

namespace longhaul {

// What training minimises, of logits [N, classes] and one target a row: weight * a sum over rows.
// Every lane calls it at once.
using Objective =
    std::function<Tensor(const Tensor& logits, const std::vector<int32_t>& targets, float weight)>;

// The objective that the settings loss and loss_* ask for. `head` [width, classes] holds the
// model's class vectors as columns: loss emo measures costs by them, as they are now or as they are
// at each step. `task`, with the settings' label noise, tells loss logit_adjusted how often each
// class is the answer.
Objective make_objective(const Settings& settings, const Tensor& head, const Task& task);

}  // namespace longhaul
