
#include <cmath>

#include "harness/check/gradcheck.h"
#include "harness/data/examples.h"
#include "harness/data/label_noise.h"
#include "harness/train/objective.h"
#include "harness/train/scoring.h"
#include "harness/train/trainer.h"
#include "longhaul/ops.h"
#include "math/ops/losses.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

std::unique_ptr<Task> seen_task() {
  Options options;
  return registry_with_seen_task().task("seen").make(options);
}

// The validation accuracy that training with these settings comes to.
double trained(const OptionMap& given) {
  const Registry registry = registry_with_seen_task();
  const std::unique_ptr<Task> task = seen_task();
  Options options(given), mixer;
  TrialSpec spec;
  spec.settings = read_settings(options, {.d_model = 16, .layers = 1, .batch = 16});
  options.check("test");
  spec.settings.validation_examples = 60;
  spec.settings.evaluations = 1;
  spec.budget.steps = 150;
  Model model(registry.model("min_gru"), mixer, spec.settings, shape_of(*task), 1);
  const Threads one(1);
  return train_alone(model, *task, spec).state.validation;
}

Batch answers(std::vector<int32_t> targets) {
  Batch batch;
  batch.targets = std::move(targets);
  return batch;
}

OptionValue word(const char* value) { return std::string(value); }

}  // namespace

TEST_CASE("every loss of the target's probability trains", "[objective]") {
  for (const char* loss : {"smooth_accuracy", "tailr", "logit_adjusted"}) {
    INFO(loss);
    CHECK(trained({{"loss", word(loss)}, {"learning_rate", 1e-2}}) > 0.9);
  }
}

TEST_CASE("emo trains, alone and mixed with cross entropy", "[objective]") {
  for (const char* head : {"fixed", "adaptive"})
    for (const char* mix : {"none", "cross_entropy"}) {
      INFO(head << " " << mix);
      CHECK(trained({{"loss", word("emo")},
                     {"loss_head", word(head)},
                     {"loss_mix", word(mix)},
                     {"learning_rate", 1e-2}}) > 0.9);
    }
}

TEST_CASE("every optimizer trains", "[objective]") {
  CHECK(trained({{"optimizer", word("sgd")}, {"learning_rate", 0.3}}) > 0.9);
  CHECK(trained({{"optimizer", word("sign_sgd")}, {"learning_rate", 1e-2}}) > 0.9);
  CHECK(trained({{"optimizer", word("lion")}, {"learning_rate", 1e-2}}) > 0.9);
}

TEST_CASE("emo measures by the head as training found it, or as it is", "[objective]") {
  const Tensor logits = random_tensor({3, 2}, 1), first = random_tensor({4, 2}, 2);
  const std::unique_ptr<Task> task = seen_task();
  Tensor head = first.clone();
  const std::vector<int32_t> targets = {0, 1, 1};
  const Objective fixed =
      make_objective({.loss = "emo", .loss_mix = "none"}, head, *task, Registry());
  const Objective adaptive = make_objective(
      {.loss = "emo", .loss_head = "adaptive", .loss_mix = "none"}, head, *task, Registry());
  const Tensor later = random_tensor({4, 2}, 3);
  std::copy_n(later.data(), later.size(), head.data());
  const auto by = [&](const Tensor& vectors) {
    return emo_loss(logits, targets, unit_columns(vectors), false).item();
  };
  CHECK(fixed(logits, answers(targets), 1).item() == by(first));
  CHECK(adaptive(logits, answers(targets), 1).item() == by(later));
}

TEST_CASE("logit_adjusted adds tau times the log frequencies of training answers", "[objective]") {
  const std::unique_ptr<Task> task = seen_task();
  double seen = 0, all = 0;
  for (int64_t i = 0; i < 4000; ++i)
    for (const int32_t target : example(*task, Split::train, 0, i).targets) {
      seen += target;
      ++all;
    }
  const Objective once = make_objective({.loss = "logit_adjusted"}, Tensor(), *task, Registry());
  CHECK(once(Tensor({1, 2}), answers({1}), 1).item() ==
        Approx(-std::log(seen / all)).epsilon(1e-3));
  const Objective twice =
      make_objective({.loss = "logit_adjusted", .loss_tau = 2}, Tensor(), *task, Registry());
  CHECK(twice(Tensor({1, 2}), answers({1}), 1).item() ==
        Approx(std::log1p(std::pow(all / seen - 1, 2))).epsilon(1e-3));

  const Objective flipped =  // of two classes, each answer is the other one
      make_objective({.loss = "logit_adjusted", .label_noise = 1}, Tensor(), *task, Registry());
  CHECK(flipped(Tensor({1, 2}), answers({1}), 1).item() ==
        Approx(-std::log(1 - seen / all)).epsilon(1e-3));
}

TEST_CASE("label noise changes its share of answers, to other classes, by content", "[objective]") {
  Example clean{.tokens = {1, 2, 3}, .targets = std::vector<int32_t>(6000, 2)};
  clean.targets[0] = kIgnore;
  Example noisy = clean, again = clean;
  add_label_noise(noisy, 0.3, 5);
  add_label_noise(again, 0.3, 5);
  CHECK(noisy.targets == again.targets);
  CHECK(noisy.targets[0] == kIgnore);
  std::map<int32_t, int> count;
  for (const int32_t target : noisy.targets) ++count[target];
  CHECK(count.size() == 6);
  CHECK(std::abs(count[2] - 4200) < 130);  // 3.7 deviations
  for (const int32_t other : {0, 1, 3, 4}) CHECK(std::abs(count[other] - 450) < 75);

  Example elsewhere = clean;
  elsewhere.tokens[0] = 7;
  add_label_noise(elsewhere, 0.3, 5);
  CHECK(elsewhere.targets != noisy.targets);
  add_label_noise(clean, 1, 1);  // there is no other class
  CHECK(clean.targets[1] == 2);
}

TEST_CASE("calibration error is how far probabilities are from what comes true", "[objective]") {
  const TaskShape shape{.vocab = 7, .classes = 4, .max_length = 9, .readout = Readout::token};
  const Registry registry = registry_with_seen_task();
  Options options;
  const Model model(registry.model("min_gru"), options, {.d_model = 8, .layers = 1}, shape, 1);
  const auto set = [&](const std::string& name, const std::vector<float>& values) {
    for (const Parameter& p : model.parameters())
      if (p.name == name)
        for (int64_t i = 0; i < p.value.size(); ++i) p.value.data()[i] = values[i % values.size()];
  };
  std::vector<Batch> batches = {random_batch({9, 5}, shape, 1)};
  const auto rows = static_cast<int64_t>(batches[0].targets.size());
  for (int64_t r = 0; r < rows; ++r) batches[0].targets[r] = r % 2 ? 3 : 0;
  const double right = static_cast<double>((rows + 1) / 2) / static_cast<double>(rows);
  set("head.weight", {0});
  set("head.bias", {0});  // every class 1/4, and the first is the answer
  CHECK(evaluate(model, batches).of("accuracy") == right);
  CHECK(evaluate(model, batches).of("ece") == Approx(right - 0.25));
  set("head.bias", {50, 0, 0, 0});  // sure of the first
  CHECK(evaluate(model, batches).of("ece") == Approx(1 - right));
}

TEST_CASE("a string is right if all its positions are, and loss is the mean cross entropy",
          "[objective]") {
  const TaskShape shape{.vocab = 7, .classes = 4, .max_length = 9, .readout = Readout::token};
  const Registry registry = registry_with_seen_task();
  Options options;
  const Model model(registry.model("min_gru"), options, {.d_model = 8, .layers = 1}, shape, 1);
  for (const Parameter& p : model.parameters())  // the first class is the answer, all have 1/4
    if (p.name == "head.weight" || p.name == "head.bias")
      std::fill_n(p.value.data(), p.value.size(), 0.0f);
  std::vector<Batch> batches = {random_batch({9, 5, 7}, shape, 1), random_batch({4}, shape, 2)};
  for (Batch& batch : batches) std::fill(batch.targets.begin(), batch.targets.end(), 0);
  CHECK(evaluate(model, batches).of("string_accuracy") == 1);
  CHECK(evaluate(model, batches).of("cross_entropy") == Approx(std::log(4.0)));
  const auto wrong_at = [&](int64_t example) {
    for (std::size_t r = 0; r < batches[0].rows.size(); ++r)
      if (batches[0].rows[r] / batches[0].length == example) batches[0].targets[r] = 3;
  };
  wrong_at(1);
  CHECK(evaluate(model, batches).of("string_accuracy") == 3.0 / 4);
  wrong_at(0);
  CHECK(evaluate(model, batches).of("string_accuracy") == 2.0 / 4);
  batches[1].targets.back() = 2;
  CHECK(evaluate(model, batches).of("string_accuracy") == 1.0 / 4);

  Evaluation tested{.test = 0.7, .baselines = {.chance = 0.4}, .loss = std::log(8.0)};
  CHECK(tested.scaled_accuracy() == Approx(0.5));
  CHECK(tested.perplexity() == Approx(8));
  CHECK(tested.bits() == Approx(3));
}
