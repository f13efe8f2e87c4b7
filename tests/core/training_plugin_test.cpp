// Losses and optimizers that a plugin brings.
#include "core/builtins.h"
#include "core/losses.h"
#include "core/plugin_loader.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "harness/train/objective.h"
#include "harness/train/trial.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "support/choices.h"
#include "support/file.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

namespace fs = std::filesystem;

const fs::path kTrainingPlugin = fs::path(LONGHAUL_TEST_PLUGINS) / "test_plugin_training.so";

Registry with_training_plugin() {
  Registry registry;
  register_builtins(registry);
  load_plugin(kTrainingPlugin, registry);
  return registry;
}

// A suite with what `more` says, which knows the plugin by its own `plugins:`.
fs::path trained_suite(const fs::path& folder, const std::string& more) {
  const fs::path file = folder / "s.yaml";
  std::ofstream(file) << "suite: s\nseeds: [0]\nbudget: {steps: 3}\n"
                      << "plugins: [" << kTrainingPlugin.string() << "]\n"
                      << "tasks: [{task: mqar, name: mqar, length: 16, pairs: 2}]\n"
                      << more;
  return file;
}

constexpr const char* kOwnTraining =
    "defaults: {d_model: 8, layers: 1, batch: 4, test_examples: 10, validation_examples: 10, "
    "loss: brier, optimizer: rmsprop}\nmodels: [lru]\n";

std::string problems_of(const fs::path& folder, const std::string& more) {
  Registry registry;
  register_builtins(registry);
  try {
    load_suite(trained_suite(folder, more), registry);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("registry: it begins with the built-in losses and optimizers, in the order of the tables",
          "[plugin]") {
  const Registry registry;
  CHECK(names_of(registry.losses()) == names_of(losses()));
  CHECK(names_of(registry.optimizers()) == names_of(optimizers()));
  CHECK(registry.loss("emo").origin == "builtin");
  CHECK_THROWS_WITH(registry.loss("emos"), Contains("no loss 'emos'; did you mean 'emo'?"));
}

TEST_CASE("registry: a loss or an optimizer that cannot be is refused", "[plugin]") {
  Registry registry;
  registry.set_origin("x.so");
  const auto make = [](const LossContext&) { return Objective(); };
  CHECK_THROWS_WITH(registry.loss({.name = "emo", .formula = "", .source = "", .make = make}),
                    Contains("loss 'emo' from x.so is already registered from builtin"));
  CHECK_THROWS_WITH(registry.loss({.name = "Emo", .formula = "", .source = "", .make = make}),
                    Contains("loss name 'Emo' (from x.so) must be lower-case letters"));
  CHECK_THROWS_WITH(registry.loss({.name = "none", .formula = "", .source = "", .make = {}}),
                    Contains("loss 'none' (from x.so) has no make"));
  const auto update = [](OptimizerSlice) {};
  CHECK_THROWS_WITH(registry.optimizer({.name = "four",
                                        .step = "",
                                        .source = "",
                                        .keeps = {"a", "b", "c", "d"},
                                        .update = update}),
                    Contains("optimizer 'four' (from x.so) keeps 4 arrays, allowed: at most 3"));
  CHECK_THROWS_WITH(registry.optimizer(
                        {.name = "none", .step = "", .source = "", .keeps = {}, .update = nullptr}),
                    Contains("optimizer 'none' (from x.so) has no update"));
}

TEST_CASE("a plugin's loss has its values and gradients", "[plugin]") {
  const Registry registry = with_training_plugin();
  CHECK(registry.loss("brier").origin == kTrainingPlugin);
  Options options({{"length", int64_t{16}}, {"pairs", int64_t{2}}});
  const auto task = registry.task("mqar").make(options);
  const Objective brier = make_objective({.loss = "brier"}, Tensor(), *task, registry);
  const Tensor logits = random_tensor({3, 4}, 1);
  Batch answers;
  answers.targets = {2, 0, 3};
  double expected = 0;
  for (int64_t row = 0; row < 3; ++row) {
    double all = 0;
    for (int64_t c = 0; c < 4; ++c) all += std::exp(double{logits.data()[row * 4 + c]});
    for (int64_t c = 0; c < 4; ++c) {
      const double p = std::exp(double{logits.data()[row * 4 + c]}) / all;
      const double off = p - (c == answers.targets[row]);
      expected += 0.5 * off * off;
    }
  }
  CHECK(brier(logits, answers, 0.5f).item() == Approx(expected));
  check_gradient([&](const std::vector<Tensor>& in) { return brier(in[0], answers, 0.5f); },
                 {logits});
}

TEST_CASE("a plugin's optimizer makes its steps, the same on any number of threads", "[plugin]") {
  const Registry registry = with_training_plugin();
  std::vector<std::vector<float>> ends;
  for (const int on : {1, 2}) {
    const Threads scope(on);
    const Tensor a = random_tensor({5}, 1), b = random_tensor({3}, 2);
    const std::vector<Parameter> parameters = {{"a", a, {}}, {"b", b, {}}};
    const std::vector<int64_t> offsets = gradient_layout(parameters);
    Optimizer optimizer(parameters, offsets, {.weight_decay = 0.1}, registry.optimizer("rmsprop"));
    std::vector<float> gradient(static_cast<std::size_t>(offsets.back()));
    double w = double{a.data()[1]}, s = 0;
    for (int t = 1; t <= 3; ++t) {
      std::fill(gradient.begin(), gradient.end(), 0.5f * static_cast<float>(t));
      optimizer.step(gradient.data(), 0.5, 0.01);
      const double g = 0.25 * t;
      s = 0.9 * s + 0.1 * g * g;
      w -= 0.01 * (0.1 * w + g / (std::sqrt(s) + 1e-8));
      CHECK(a.data()[1] == Approx(w).margin(1e-6));
    }
    CHECK(optimizer.kept().count("s") == 1);
    ends.emplace_back(a.data(), a.data() + 5);
    ends.back().insert(ends.back().end(), b.data(), b.data() + 3);
  }
  CHECK(ends[0] == ends[1]);
}

TEST_CASE("a trial names the plugin of its loss and its optimizer, and trains with them",
          "[plugin]") {
  const TemporaryFolder folder;
  Registry registry;
  register_builtins(registry);
  const Suite suite = load_suite(trained_suite(folder.path, kOwnTraining), registry);
  const TrialSpec spec = grid(suite, registry).front();
  REQUIRE(spec.plugins.size() == 1);
  CHECK(spec.plugins[0].path == kTrainingPlugin);

  TrialSpec usual = spec;
  usual.settings.loss = "cross_entropy";
  CHECK(usual.id() != spec.id());

  const Outcome run = longhaul_run("run " + (folder.path / "s.yaml").string() + " --out " +
                                   (folder.path / "out").string() + " 2>&1");
  INFO(run.out);
  CHECK(run.status == 0);
  CHECK(fs::exists(folder.path / "out" / "trials" / spec.id() / "checkpoint.safetensors"));

  // The same trial without the plugin does not train with something else.
  Registry bare;
  register_builtins(bare);
  const TemporaryFolder place;
  const TrialRecord refused = run_trial(spec, bare, {place.path, 1});
  CHECK(refused.status == Status::failed);
  CHECK_THAT(refused.message, Contains("settings: loss: found 'brier', allowed: cross_entropy"));
  CHECK_THAT(refused.message, Contains("settings: optimizer: found 'rmsprop', allowed: adamw"));
}

TEST_CASE("a loss or an optimizer that nobody registered is a problem where it stands",
          "[plugin]") {
  const TemporaryFolder folder;
  const std::string in_defaults =
      problems_of(folder.path, "defaults: {loss: briar, optimizer: rmsprp}\nmodels: [lru]\n");
  CHECK_THAT(in_defaults, Contains("s.yaml:6: defaults.loss: found 'briar', allowed: "));
  CHECK_THAT(in_defaults, Contains("| mse | brier; did you mean 'brier'?"));
  CHECK_THAT(in_defaults, Contains("s.yaml:6: defaults.optimizer: found 'rmsprp'"));
  CHECK_THAT(in_defaults, Contains("did you mean 'rmsprop'?"));
  for (const char* more :
       {"models: [{model: lru, loss: briar}]\n", "loss: [brier, briar]\nmodels: [lru]\n",
        "sweep: {loss: [brier, briar]}\nmodels: [lru]\n",
        "tune: {loss: [brier, briar]}\nmodels: [lru]\n"}) {
    INFO(more);
    CHECK_THAT(problems_of(folder.path, more), Contains("found 'briar', allowed: "));
  }
  CHECK(problems_of(folder.path, "loss: [cross_entropy, brier]\nmodels: [lru]\n").empty());
}

TEST_CASE("list and show have a plugin's losses and optimizers beside the built-in ones",
          "[plugin]") {
  const std::string with = " --plugin " + kTrainingPlugin.string();
  CHECK_FALSE(has(longhaul_run("list losses").out, "brier"));
  CHECK(has(longhaul_run("list losses" + with).out,
            "sum_i (p_i - [i = t])^2 (" + kTrainingPlugin.string() + ")"));
  CHECK(has(longhaul_run("show optimizer rmsprop" + with).out, "Tieleman and Hinton 2012"));
  CHECK(has(longhaul_run("show setting optimizer" + with).out, "lion | rmsprop"));
}
