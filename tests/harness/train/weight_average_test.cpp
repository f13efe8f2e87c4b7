#include "harness/train/weight_average.h"

#include <algorithm>

#include "tests/helpers/catch.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

Training trained_with(const Settings& settings, int64_t steps) {
  const Registry registry = registry_with_seen_task();
  TrialSpec spec = seen_trial("min_gru", steps);
  spec.settings = settings;
  Options task_options, model_options;
  const std::unique_ptr<Task> task = registry.task("seen").make(task_options);
  Model model(registry.model("min_gru"), model_options, spec.settings, shape_of(*task), 0);
  return train_alone(model, *task, spec);
}

Settings small_settings() { return seen_trial("min_gru", 1).settings; }

}  // namespace

TEST_CASE("weight average: it fades by its share, at first sooner; what is drawn is taken as it is",
          "[train]") {
  const Tensor w = Tensor::from({1}, {0.0f}), drawn = Tensor::from({1}, {0.0f});
  const std::vector<Parameter> parameters = {
      {"w", w, {}}, {.name = "drawn", .value = drawn, .group = {}, .redraw = [](int64_t) {}}};
  WeightAverage average(parameters, 0.5);
  double expected = 0;
  for (int64_t t = 1; t <= 30; ++t) {
    w.data()[0] = drawn.data()[0] = static_cast<float>(t);
    average.add(t);
    const double kept = std::min(0.5, (1 + static_cast<double>(t)) / (10 + static_cast<double>(t)));
    expected += (1 - kept) * (static_cast<double>(t) - expected);
    CHECK(average.values()[0].item() == Approx(expected));
    CHECK(average.values()[1].item() == static_cast<float>(t));
  }
  average.swap();
  CHECK(w.item() == Approx(expected));
  average.swap();
  CHECK(w.item() == 30);
}

TEST_CASE("weight average: training takes the same steps, and the average is tested", "[train]") {
  Settings settings = small_settings();
  const Training plain = trained_with(settings, 20);
  settings.weight_average = 0.9;
  const Training averaged = trained_with(settings, 20);
  CHECK(averaged.state.losses == plain.state.losses);
  CHECK(averaged.state.validations.back().value != plain.state.validations.back().value);
}

TEST_CASE("patience: training ends after so many validations without a better one", "[train]") {
  Settings settings = small_settings();
  settings.evaluations = 20;
  settings.learning_rate = 1e-9;  // nothing gets better than the first
  settings.patience = 3;
  const Training ended = trained_with(settings, 40);
  CHECK(ended.state.selected_step == 2);
  CHECK(ended.state.steps == 8);
  settings.patience = 0;
  CHECK(trained_with(settings, 40).state.steps == 40);
}

TEST_CASE("training: a learning rate of 0 leaves the weights as they began", "[train]") {
  const Registry registry = registry_with_seen_task();
  for (const OptimizerInfo& optimizer : optimizers()) {
    INFO(optimizer.name);
    TrialSpec spec = seen_trial("min_gru", 4);
    spec.settings.optimizer = optimizer.name;
    spec.settings.learning_rate = 0;
    spec.settings.weight_decay = 0.1;
    Options task_options, model_options;
    const std::unique_ptr<Task> task = registry.task("seen").make(task_options);
    Model model(registry.model("min_gru"), model_options, spec.settings, shape_of(*task), 0);
    std::vector<std::vector<float>> begin;
    const auto values_of = [](const Tensor& w) {
      return std::vector<float>(w.data(), w.data() + w.size());
    };
    for (const Parameter& p : model.parameters()) begin.push_back(values_of(p.value));
    CHECK(train_alone(model, *task, spec).state.steps == 4);
    for (std::size_t i = 0; i < begin.size(); ++i)
      CHECK(values_of(model.parameters()[i].value) == begin[i]);
  }
}
