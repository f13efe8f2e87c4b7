#include "harness/train/trainer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

// Trains a small model on sequences of 24 tokens, in batches of 8.
Training trained(const Budget& budget, bool varied = false) {
  const Registry registry = registry_with_seen_task();
  TrialSpec spec;
  spec.settings.d_model = 8;
  spec.settings.layers = 1;
  spec.settings.batch = 8;
  spec.settings.validation_examples = 16;
  spec.budget = budget;
  Options task_options({{"varied", varied}}), model_options;
  const std::unique_ptr<Task> task = registry.task("seen").make(task_options);
  Model model(registry.model("lru"), model_options, spec.settings, shape_of(*task), 0);
  return train_alone(model, *task, spec);
}

Budget tokens(double count) { return {.steps = 0, .seconds = 0, .tokens = count, .flops = 0}; }
Budget flops(double count) { return {.steps = 0, .seconds = 0, .tokens = 0, .flops = count}; }
Budget steps(int64_t count) { return {.steps = count, .seconds = 0, .tokens = 0, .flops = 0}; }

}  // namespace

TEST_CASE("budget: training ends with the step that reaches the tokens", "[budget]") {
  CHECK(trained(tokens(10 * 8 * 24)).state.steps == 10);
  CHECK(trained(tokens(10 * 8 * 24 + 1)).state.steps == 11);
  const Training shorter = trained(tokens(10 * 8 * 24), true);  // sequences of 12 to 24 tokens
  CHECK(shorter.state.steps > 10);
  CHECK(shorter.state.tokens >= 10 * 8 * 24);
  CHECK(shorter.state.tokens < 11 * 8 * 24);
}

TEST_CASE("budget: training ends with the step that reaches the operations", "[budget]") {
  const Training by_steps = trained(steps(6));
  const double all = by_steps.flops_per_token * static_cast<double>(by_steps.state.tokens);
  CHECK(trained(flops(all * 0.99)).state.steps == 6);
  CHECK(trained(flops(all * 1.01)).state.steps == 7);
}

TEST_CASE("budget: the rate follows the share spent, whatever is counted", "[budget]") {
  const Training by_steps = trained(steps(10)), by_tokens = trained(tokens(10 * 8 * 24));
  const double all = by_steps.flops_per_token * static_cast<double>(by_steps.state.tokens);
  const Training by_flops = trained(flops(all));
  CHECK(by_tokens.train_loss == Approx(by_steps.train_loss).epsilon(1e-5));
  CHECK(by_flops.train_loss == Approx(by_steps.train_loss).epsilon(1e-5));
  CHECK(trained(tokens(1800), true).train_loss == trained(tokens(1800), true).train_loss);
}

TEST_CASE("budget: the first limit reached ends training", "[budget]") {
  Budget both = steps(4);
  both.tokens = 1e6;
  CHECK(trained(both).state.steps == 4);
  both.tokens = 3 * 8 * 24;
  CHECK(trained(both).state.steps == 3);
}
