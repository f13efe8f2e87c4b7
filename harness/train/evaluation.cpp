#include "harness/train/evaluation.h"

#include <algorithm>

#include "harness/data/baselines.h"
#include "harness/data/batches.h"
#include "harness/data/examples.h"
#include "harness/train/scoring.h"
#include "harness/train/trainer.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

// The trained model built anew with that change of it, and its parameters.
Model with_post_hoc(const Model& model, const ModelInfo& info, const TrialSpec& spec,
                    const PostHocChange& change, const TaskShape& shape) {
  Options reader(info.post_hoc(spec.model_options, change));
  Model changed(info, reader, spec.settings, shape, spec.seed);
  reader.check(spec.model_name);
  const std::size_t count = model.parameters().size();
  bool same = changed.parameters().size() == count;
  for (std::size_t i = 0; same && i < count; ++i) {
    const Tensor& from = model.parameters()[i].value;
    const Tensor& to = changed.parameters()[i].value;
    same = to.shape() == from.shape();
    if (same) std::copy_n(from.data(), from.size(), to.data());
  }
  require(same, "model '", info.name, "': its post-hoc change ", change.name,
          " has other parameters than the trained model");
  return changed;
}

struct Changed {
  std::string name;
  Model model;
};

// The trained model with each post-hoc change that the suite asks for, made for this test.
std::vector<Changed> changed_models(const Model& model, const TrialSpec& spec,
                                    const Registry& registry, const Task& trained, const Task& test,
                                    const TaskShape& shape) {
  const ModelInfo info = registry.model(spec.model);
  std::vector<Changed> changed;
  if (!info.post_hoc) return changed;
  for (const std::string& name : spec.evaluate.post_hoc) {
    const PostHocChange change{name, trained.max_length(), test.max_length()};
    changed.push_back({name, with_post_hoc(model, info, spec, change, shape)});
  }
  return changed;
}

Evaluation with_score(Evaluation found, const Score& score, const Task& task,
                      const std::vector<std::string>& metrics) {
  const double unit = task.answer_unit();
  found.test = score.of(metric_of(task));
  found.calibration_error = score.of("ece");
  found.loss = score.of("cross_entropy");
  found.string_accuracy = score.of("string_accuracy");
  found.mse = score.of("mse") * unit * unit;
  found.mae = score.of("mae") * unit;
  for (const std::string& name : metrics) found.metrics[name] = score.of(name);
  if (score.unanswered > 0) {
    found.status = Status::diverged;
    found.message = text("logits of ", score.unanswered, " test answers are not numbers");
  }
  return found;
}

}  // namespace

std::vector<Evaluation> run_tests(const Model& model, const TrialSpec& spec,
                                  const Registry& registry, const Task& trained,
                                  const std::vector<TestTask>& tests, const TaskShape& shape,
                                  double validation) {
  const std::vector<MetricInfo> metrics = with_builtin_metrics(spec.metrics, registry);
  std::vector<Evaluation> evaluations;
  for (const TestTask& test : tests) {
    Evaluation common;
    common.length = test.length;
    common.test_set = test.test_set;
    common.validation = validation;
    common.baselines =
        measure_baselines(*test.task, spec.settings.test_examples, 0, !spec.baselines.empty());
    const std::vector<Changed> changed =
        changed_models(model, spec, registry, trained, *test.task, shape);
    std::vector<Scoring> scorings = {Scoring(model, metrics, test.task->is_regression())};
    for (const Changed& one : changed)
      scorings.emplace_back(one.model, metrics, test.task->is_regression());
    const Windows windows(*test.task, Split::test, spec.settings.test_examples);
    for (int64_t i = 0; i < windows.count(); ++i) {
      const std::vector<Batch> batches = windows.draw(i);
      for (Scoring& scoring : scorings) scoring.add(batches);
    }
    for (std::size_t i = 0; i < scorings.size(); ++i) {
      common.post_hoc = i == 0 ? "" : changed[i - 1].name;
      evaluations.push_back(with_score(common, scorings[i].score(), *test.task, spec.metrics));
    }
  }
  const auto diverged = [](const Evaluation& one) { return one.status == Status::diverged; };
  if (std::all_of(evaluations.begin(), evaluations.end(), diverged))
    throw Diverged(evaluations.front().message);
  return evaluations;
}

int64_t measure_state(const Model& model, const Batch& batch) {
  DecodeState state = model.start(1);
  for (int64_t t = 0; t < batch.lengths[0]; ++t) model.step(column(batch, t, 1), state);
  return state.bytes();
}

}  // namespace longhaul
