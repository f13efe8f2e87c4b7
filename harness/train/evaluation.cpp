#include "harness/train/evaluation.h"

#include <algorithm>

#include "core/hybrid.h"
#include "harness/data/baselines.h"
#include "harness/data/batches.h"
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
