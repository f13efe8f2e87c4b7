#include "harness/train/evaluation.h"

#include <algorithm>

#include "harness/train/baselines.h"
#include "harness/train/cache.h"
#include "harness/train/hybrid.h"
#include "harness/train/lanes.h"
#include "harness/train/trainer.h"

namespace longhaul {
namespace {

// The trained model with its mixers' option post_hoc changed. No parameter depends on that option.
Model with_post_hoc(const Model& model, const TrialSpec& spec, const Registry& registry,
                    const std::string& change, int64_t trained, int64_t length,
                    const TaskShape& shape) {
  OptionMap options = spec.model_options;
  set_option(options, "post_hoc", change);
  set_option(options, "post_hoc_factor",
             std::max(1.0, static_cast<double>(length) / static_cast<double>(trained)));
  set_option(options, "trained_length", trained);
  Options reader(options);
  Model changed(registry.model(spec.model), reader, spec.settings, shape, spec.seed);
  reader.check(spec.model_name);
  for (std::size_t i = 0; i < model.parameters().size(); ++i) {
    const Tensor& from = model.parameters()[i].value;
    std::copy_n(from.data(), from.size(), changed.parameters()[i].value.data());
  }
  return changed;
}

}  // namespace

std::unique_ptr<Task> make_task(const TrialSpec& spec, const Registry& registry,
                                const OptionMap& changes) {
  OptionMap options = spec.task_options;
  for (const auto& [name, value] : changes) options[name] = value;
  Options reader(options);
  std::unique_ptr<Task> task = registry.task(spec.task).make(reader);
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

TaskShape shape_of(const Task& task, const std::vector<TestTask>& tests) {
  TaskShape shape = shape_of(task);
  for (const TestTask& test : tests)
    shape.max_length = std::max(shape.max_length, test.task->max_length());
  return shape;
}

std::vector<Evaluation> run_tests(const Model& model, const TrialSpec& spec,
                                  const Registry& registry, const Task& trained,
                                  const std::vector<TestTask>& tests, const TaskShape& shape,
                                  double validation) {
  std::vector<Evaluation> evaluations;
  for (const TestTask& test : tests) {
    const std::vector<Batch> batches =
        draw_all(*test.task, Split::test, spec.settings.test_examples);
    const Baselines baselines =
        measure_baselines(*test.task, spec.settings.test_examples, 0, !spec.baselines.empty());
    const auto add = [&](const Model& tested, const std::string& post_hoc) {
      const Score score = evaluate(tested, batches);
      evaluations.push_back({test.length, score.accuracy, validation, test.test_set, post_hoc,
                             baselines, score.calibration_error});
    };
    add(model, "");
    if (!has_option(spec.model_options, "post_hoc")) continue;
    for (const std::string& change : spec.evaluate.post_hoc)
      add(with_post_hoc(model, spec, registry, change, trained.max_length(),
                        test.task->max_length(), shape),
          change);
  }
  return evaluations;
}

}  // namespace longhaul
