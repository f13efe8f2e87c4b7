#include "harness/data/test_tasks.h"

#include "harness/data/cache.h"
#include "longhaul/error.h"
#include "support/exit_status.h"

namespace longhaul {

std::unique_ptr<Task> make_task(const TrialSpec& spec, const Registry& registry,
                                const OptionMap& changes) {
  OptionMap options = spec.task_options;
  for (const auto& [name, value] : changes) options[name] = value;
  Options reader(options);
  std::unique_ptr<Task> task;
  try {
    task = registry.task(spec.task).make(reader);
  } catch (const Error& error) {
    // Planning has opened the data, so what cannot be read now has gone or is damaged.
    if (spec.task_data.empty()) throw;
    throw MachineFault(error.what());
  }
  reader.check(spec.task_name);
  use_cache(*task, {spec.task, task->version(), reader.resolved()}, streams_of_trial(spec.seed));
  return task;
}

std::vector<TestTask> make_test_tasks(const TrialSpec& spec, const Registry& registry) {
  const std::unique_ptr<Task> own = make_task(spec, registry, {});
  const Evaluate& ask = spec.evaluate;
  const bool has_sets = spec.task_options.count("test_set") && !ask.test_sets.empty();
  std::vector<TestTask> tests;
  for (const std::string& set : has_sets ? ask.test_sets : std::vector<std::string>{""})
    for (const int64_t length : ask.lengths.empty() ? std::vector<int64_t>{0} : ask.lengths) {
      OptionMap changes = length ? own->at_length(length) : OptionMap();
      if (!set.empty()) changes["test_set"] = set;
      TestTask test{length, set, make_task(spec, registry, changes)};
      require(test.task->vocab() == own->vocab() && test.task->classes() == own->classes(),
              spec.task_name, ": at length ", length, " it has vocabulary ", test.task->vocab(),
              " and ", test.task->classes(), " classes, in training ", own->vocab(), " and ",
              own->classes());
      tests.push_back(std::move(test));
    }
  return tests;
}

}  // namespace longhaul
