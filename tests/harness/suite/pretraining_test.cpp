
#include <set>

#include "core/builtins.h"
#include "harness/data/examples.h"
#include "harness/data/pretext.h"
#include "harness/data/subset.h"
#include "harness/suite/pretraining.h"
#include "tests/helpers/catch.h"

namespace longhaul {
namespace {

std::unique_ptr<Task> make(const std::string& name, OptionMap given = {}) {
  static const Registry registry = [] {
    Registry all;
    register_builtins(all);
    return all;
  }();
  Options options(std::move(given));
  return registry.task(name).make(options);
}

TrialSpec pretrained_spec(const std::string& pretrain) {
  TrialSpec spec;
  spec.model = "transformer";
  spec.task = "listops";
  spec.budget.steps = 100;
  spec.settings.pretrain = pretrain;
  spec.settings.causal = pretrain != "masked";
  spec.settings.train_examples = 500;
  return spec;
}

TEST_CASE("pretext: masked ids are hidden, scored, and only they", "[pretrain]") {
  const auto task = make("listops", {{"max_length", int64_t{60}}, {"min_length", int64_t{10}}});
  const Pretext pretext(*task, Restore::masked, 0.3, 1);
  CHECK(pretext.vocab() == task->vocab() + 1);
  CHECK(pretext.classes() == task->vocab() - 1);
  const auto mask = static_cast<int32_t>(task->vocab());
  int64_t hidden = 0, seen = 0;
  for (int64_t i = 0; i < 50; ++i) {
    const Example shown = example(pretext, Split::train, 7, i);
    REQUIRE(shown.targets.size() == shown.tokens.size());
    for (std::size_t t = 0; t < shown.tokens.size(); ++t) {
      CHECK((shown.tokens[t] == mask) == (shown.targets[t] != kIgnore));
      CHECK(shown.targets[t] < mask - 1);
      hidden += shown.tokens[t] == mask;
      ++seen;
    }
  }
  CHECK(static_cast<double>(hidden) / static_cast<double>(seen) == Approx(0.33).margin(0.05));
}

TEST_CASE("pretext: causal targets are the inputs moved by one", "[pretrain]") {
  const auto task = make("mqar");
  const Pretext pretext(*task, Restore::next, 0.5, 1);
  const Example shown = example(pretext, Split::train, 7, 3);
  for (std::size_t t = 0; t + 1 < shown.tokens.size(); ++t)
    CHECK(shown.targets[t] == shown.tokens[t + 1] - 1);
  CHECK(shown.targets.back() == kIgnore);
}

TEST_CASE("pretext: hidden real numbers are zeros under a channel that says so", "[pretrain]") {
  const auto task = make("adding_problem", {{"length", int64_t{30}}});
  const Pretext pretext(*task, Restore::masked, 0.5, 1);
  const auto width = static_cast<std::size_t>(task->channels());
  REQUIRE(pretext.channels() == task->channels() + 1);
  const Example shown = example(pretext, Split::validation, 0, 5);
  for (std::size_t t = 0; t < shown.targets.size(); ++t) {
    const float* row = &shown.values[t * (width + 1)];
    CHECK(row[width] == (shown.targets[t] == kIgnore ? 0 : 1));
    if (row[width] == 1)
      for (std::size_t c = 0; c < width; ++c) CHECK(row[c] == 0);
  }
}

TEST_CASE("subset: so many different training examples, each once an epoch", "[pretrain]") {
  const auto task = make("mqar");
  const Subset subset(*task, 10, 4);
  std::set<std::vector<int32_t>> first, second;
  for (int64_t i = 0; i < 10; ++i) {
    first.insert(example(subset, Split::train, 1, i).tokens);
    second.insert(example(subset, Split::train, 1, 10 + i).tokens);
  }
  CHECK(first.size() == 10);
  CHECK(first == second);
  CHECK(example(subset, Split::test, 0, 2).tokens == example(*task, Split::test, 0, 2).tokens);
}

TEST_CASE("pretraining: label fractions and losses share it, seeds and masks do not",
          "[pretrain]") {
  std::vector<TrialSpec> specs(5, pretrained_spec("masked"));
  specs[1].settings.label_fraction = 0.1;
  specs[2].settings.loss = "tailr";
  specs[3].seed = 1;
  specs[4].settings.pretrain_mask = 0.15;
  for (TrialSpec& spec : specs) plan_pretraining(spec);
  CHECK(specs[0].pretrained == specs[1].pretrained);
  CHECK(specs[0].pretrained == specs[2].pretrained);
  CHECK(specs[0].pretrained != specs[3].pretrained);
  CHECK(specs[0].pretrained != specs[4].pretrained);
  const std::vector<TrialSpec> all = with_pretraining(specs);
  REQUIRE(all.size() == 3 + specs.size());
  CHECK(all[0].is_pretraining);
  CHECK(all[0].id() == specs[0].pretrained);
}

TEST_CASE("pretraining: longer trains from scratch for all the steps", "[pretrain]") {
  TrialSpec spec = pretrained_spec("longer");
  spec.settings.pretrain_steps = 40;
  plan_pretraining(spec);
  CHECK(spec.budget.steps == 140);
  CHECK(spec.pretrained.empty());
}

TEST_CASE("pretraining: needs the right direction and a budget in steps", "[pretrain]") {
  TrialSpec spec = pretrained_spec("masked");
  CHECK(pretraining_problem(spec) == "");
  spec.settings.causal = true;
  CHECK(pretraining_problem(spec).find("needs causal: false") != std::string::npos);
  spec = pretrained_spec("causal");
  spec.budget = {.seconds = 5};
  CHECK(pretraining_problem(spec).find("needs a budget in steps") != std::string::npos);
}

}  // namespace
}  // namespace longhaul
