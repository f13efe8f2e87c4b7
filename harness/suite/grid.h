#pragma once

#include <vector>

#include "harness/settings/trial_spec.h"
#include "harness/suite/suite.h"
#include "longhaul/registry.h"

namespace longhaul {

// What a cell of the table trains with: the defaults, then the task's settings, then the model's,
// then the width that was matched.
Settings settings_of(const Suite& suite, const ModelEntry& model, const TaskEntry& task);

// Every seed x task x model, fully resolved, seeds outermost: the table fills evenly. Each of them
// once with every one of `points`, side by side: values of settings and options that win over all
// others.
std::vector<TrialSpec> grid(const Suite& suite, const Registry& registry,
                            const std::vector<OptionMap>& points = {{}});

// What the suite's models are timed with: a trial of each without task, budget and seed.
std::vector<TrialSpec> timed_models(const Suite& suite, const Registry& registry);

}  // namespace longhaul
