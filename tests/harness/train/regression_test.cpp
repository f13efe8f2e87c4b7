// Training and scoring where answers are real numbers.
#include <cmath>

#include "harness/data/batches.h"
#include "harness/train/scoring.h"
#include "harness/train/trial.h"
#include "longhaul/error.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// At each position, how many ids so far were 1, and half of it; one unit is ten.
class Counted final : public Task {
 public:
  explicit Counted(Options&) {}
  int version() const override { return 1; }
  int64_t vocab() const override { return 4; }
  int64_t classes() const override { return 2; }
  bool is_regression() const override { return true; }
  double answer_unit() const override { return 10; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return 8; }
  Example draw(Rng& rng) const override {
    Example example;
    float ones = 0;
    for (int t = 0; t < 8; ++t) {
      example.tokens.push_back(static_cast<int32_t>(rng.between(1, 3)));
      ones += example.tokens.back() == 1;
      example.targets.push_back(t == 0 ? kIgnore : 0);
      example.numbers.insert(example.numbers.end(), {ones, ones / 2});
    }
    return example;
  }
};

Registry registry_with_counted() {
  Registry registry = registry_with_seen_task();
  registry.task<Counted>({.name = "counted", .about = "how many ones", .source = "a test"});
  return registry;
}

TrialSpec counted_trial(int64_t steps) {
  TrialSpec spec = seen_trial("min_gru", steps);
  spec.task_name = spec.task = "counted";
  spec.settings.loss = "mse";
  spec.settings.learning_rate = 1e-2;
  return spec;
}

TrialRecord run_counted(const TrialSpec& spec, const std::filesystem::path& dir) {
  const Threads one(1);
  return run_trial(spec, registry_with_counted(), {dir, 1});
}

}  // namespace

TEST_CASE("a regression is scored by R^2, squared and absolute error", "[regression]") {
  const Registry registry = registry_with_counted();
  Options none, mixer;
  const std::unique_ptr<Task> task = registry.task("counted").make(none);
  const TrialSpec spec = counted_trial(1);
  const Model model(registry.model("min_gru"), mixer, spec.settings, shape_of(*task), 1);
  const std::vector<Batch> batches = draw_all(*task, Split::test, 20);
  double squared = 0, absolute = 0, count = 0, sums[2] = {}, squares[2] = {};
  for (const Batch& batch : batches) {
    const Tensor outputs = model.forward(batch);
    REQUIRE(outputs.size() == static_cast<int64_t>(batch.numbers.size()));
    REQUIRE(batch.targets.size() == static_cast<std::size_t>(batch.size * 7));
    for (std::size_t i = 0; i < batch.numbers.size(); ++i) {
      const double error = double{outputs.data()[i]} - batch.numbers[i];
      squared += error * error;
      absolute += std::abs(error);
      sums[i % 2] += batch.numbers[i];
      squares[i % 2] += double{batch.numbers[i]} * batch.numbers[i];
      ++count;
    }
  }
  double spread = 0;
  for (int c = 0; c < 2; ++c) spread += squares[c] - sums[c] * sums[c] / (count / 2);
  const Score score = evaluate(model, batches);
  CHECK(score.of("mse") == Approx(squared / count));
  CHECK(score.of("mae") == Approx(absolute / count));
  CHECK(score.of("r2") == Approx(1 - squared / spread));
  CHECK(std::isnan(score.of("string_accuracy")));
  CHECK(std::isnan(score.of("ece")));
}

TEST_CASE("a regression trains, and the weights of the least error are kept", "[regression]") {
  const TemporaryFolder folder;
  TrialSpec spec = counted_trial(300);
  spec.settings.evaluations = 20;
  const TrialRecord record = run_counted(spec, folder.path);
  REQUIRE(record.message.empty());
  CHECK(record.metric == "r2");
  const Evaluation& found = record.evaluations.front();
  CHECK(found.test > 0.9);
  CHECK(found.mse < 100 * 0.2);  // of ones, by ten
  CHECK(found.mae > 0);
  CHECK(std::isnan(found.loss));
  CHECK(std::isnan(found.perplexity()));
  CHECK(found.baselines.chance == 0);

  // The step that was chosen has the least squared error on validation.
  const TrialSpec again = spec;
  const Registry registry = registry_with_counted();
  Options none, mixer;
  const std::unique_ptr<Task> task = registry.task("counted").make(none);
  Model model(registry.model("min_gru"), mixer, again.settings, shape_of(*task), 1);
  const Training training = train_alone(model, *task, again);
  double least = std::numeric_limits<double>::infinity();
  int64_t chosen = 0;
  for (const CurvePoint& point : training.curve)
    if (point.split == "validation" && point.metric == "loss" && point.value < least) {
      least = point.value;
      chosen = point.step;
    }
  CHECK(training.state.selected_step == chosen);
  const Score kept =
      evaluate(model, draw_all(*task, Split::validation, again.settings.validation_examples));
  CHECK(kept.of("mse") == least);
}

TEST_CASE("a loss of classes does not suit real answers, nor mse classes", "[regression]") {
  const TemporaryFolder folder;
  for (const char* part : {"a", "b", "c"}) std::filesystem::create_directory(folder.path / part);
  TrialSpec spec = counted_trial(1);
  spec.settings.loss = "cross_entropy";
  CHECK_THAT(run_counted(spec, folder.path / "a").message,
             Contains("loss: found cross_entropy, allowed where answers are real numbers: mse"));
  spec = counted_trial(1);
  spec.settings.label_noise = 0.1;
  CHECK_THAT(run_counted(spec, folder.path / "b").message, Contains("label_noise: found 0.1"));
  TrialSpec classes = seen_trial("min_gru", 1);
  classes.settings.loss = "mse";
  CHECK_THAT(run_counted(classes, folder.path / "c").message,
             Contains("loss: found mse, allowed where answers are classes: cross_entropy | emo"));
  CHECK_THROWS_WITH(load_fake_suite("suite: s\nseeds: 1\nbudget: {steps: 5}\nloss: mse\n"
                                    "models: [copy]\ntasks: [coin]\n"),
                    Contains("copy on coin: loss: found mse, allowed where answers are classes"));
}
