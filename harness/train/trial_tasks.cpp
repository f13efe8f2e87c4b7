#include "harness/train/trial_tasks.h"

#include <algorithm>
#include <cmath>

#include "harness/data/pretext.h"
#include "harness/data/subset.h"
#include "harness/settings/pretrainings.h"
#include "longhaul/error.h"
#include "math/memory.h"

namespace longhaul {
namespace {

// The training examples that the settings leave of a task: of pretraining, also those without an
// answer. Null: all.
std::unique_ptr<Subset> limited(const Task& task, const TrialSpec& spec) {
  const Settings& settings = spec.settings;
  int64_t examples = settings.train_examples ? settings.train_examples : task.count(Split::train);
  require(examples > 0 || settings.label_fraction == 1,
          "label_fraction is a share of train_examples, and ", spec.task_name,
          " draws training examples without end: set train_examples");
  if (!spec.is_pretraining)
    examples =
        std::max<int64_t>(std::llround(static_cast<double>(examples) * settings.label_fraction), 1);
  const bool all = !settings.train_examples && settings.label_fraction == 1;
  return all ? nullptr : std::make_unique<Subset>(task, examples, spec.seed + 1);
}

}  // namespace

TrialTasks tasks_of(const TrialSpec& spec, const Registry& registry) {
  TrialTasks tasks;
  tasks.task = make_task(spec, registry);
  tasks.subset = limited(*tasks.task, spec);
  tasks.tests = make_test_tasks(spec, registry);
  tasks.shape = shape_of(*tasks.task, tasks.tests);
  if (!spec.is_pretraining) return tasks;
  const Restore restore = pretraining_of(spec.settings).restore;
  tasks.pretext = std::make_unique<Pretext>(tasks.trained_on(), restore,
                                            spec.settings.pretrain_mask, spec.seed + 1);
  const int64_t longest = tasks.shape.max_length;
  tasks.shape = shape_of(*tasks.pretext);
  tasks.shape.max_length = longest;
  tasks.shape.hidden = restore == Restore::masked;
  tasks.tests.clear();
  return tasks;
}

Model make_model(const TrialSpec& spec, const Registry& registry, const TaskShape& shape) {
  const MemoryScope scope(Memory::parameters);
  Options options(spec.model_options);
  Model model(registry.model(spec.model), options, spec.settings, shape, spec.seed);
  options.check(spec.model_name);
  return model;
}

}  // namespace longhaul
