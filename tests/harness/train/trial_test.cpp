
#include <fstream>

#include "harness/model/stored_model.h"
#include "harness/results/machine.h"
#include "harness/results/points.h"
#include "harness/train/trial.h"
#include "math/checkpoint.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;
namespace fs = std::filesystem;

namespace {

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("trial: every model gives the same bytes on 1 and 2 threads and on a rerun",
          "[trial][long]") {
  const Registry registry = registry_with_seen_task();
  for (const auto& [name, model] : registry.models()) {
    INFO(name);
    TrialSpec spec = seen_trial(name, 6);
    spec.task_options["varied"] = true;
    spec.settings.dropout = 0.1;
    const TemporaryFolder one, two, again;
    const TrialRecord a = run_seen_trial(spec, one.path, 1), b = run_seen_trial(spec, two.path, 2),
                      c = run_seen_trial(spec, again.path, 2);
    INFO(a.message);
    REQUIRE(a.status == Status::ok);
    for (const fs::path& other : {two.path, again.path}) {
      CHECK(bytes_of(one.path / "checkpoint.safetensors") ==
            bytes_of(other / "checkpoint.safetensors"));
      CHECK(bytes_of(one.path / "curve.csv") == bytes_of(other / "curve.csv"));
    }
    CHECK(a.evaluations[0].test == b.evaluations[0].test);
    CHECK(a.evaluations[0].test == c.evaluations[0].test);
    CHECK(a.train_loss == b.train_loss);
    CHECK(a.flops_per_token == b.flops_per_token);
    CHECK(a.state_bytes == b.state_bytes);
  }
}

TEST_CASE("trial: every model learns what every model can learn", "[trial][long]") {
  const Registry registry = registry_with_seen_task();
  for (const auto& [name, model] : registry.models()) {
    INFO(name);
    TrialSpec spec = seen_trial(name, 300);
    spec.settings.learning_rate = 1e-2;
    if (name == "tcn") spec.settings.layers = 4;  // one layer sees four positions back
    const TemporaryFolder folder;
    const TrialRecord record = run_seen_trial(spec, folder.path, 1);
    INFO(record.message);
    REQUIRE(record.status == Status::ok);
    CHECK(record.evaluations[0].test > 0.97);
    CHECK(record.evaluations[0].test > record.evaluations[0].baselines.best() + 0.2);
  }
}

TEST_CASE("trial: its record says when it ended, not when it began", "[trial]") {
  TrialSpec spec = seen_trial("min_gru", 0);
  spec.budget.seconds = 1.1;
  TrialRecord began;
  sign(began, 1);
  const TemporaryFolder folder;
  CHECK(run_seen_trial(spec, folder.path).finished_at > began.finished_at);
}

TEST_CASE("trial: a stored checkpoint gives back the model", "[trial]") {
  const TemporaryFolder folder;
  REQUIRE(run_seen_trial(seen_trial("transformer", 3), folder.path, 1).status == Status::ok);
  const Registry registry = registry_with_seen_task();
  const fs::path file = folder.path / "checkpoint.safetensors";
  const StoredModel first = load_model(file, registry), second = load_model(file, registry);
  CHECK(first.spec.id() == seen_trial("transformer", 3).id());
  const Batch batch =
      collate(std::vector<Example>{{{1, 2, 3}, {0, 0, 1}}}.data(), 1, Readout::token);
  CHECK(max_difference(first.model->forward(batch), second.model->forward(batch)) == 0);
}

TEST_CASE("trial: a stored checkpoint has its random features again, from the seed", "[trial]") {
  TrialSpec spec = seen_trial("linear_attention", 3);
  spec.model_options["feature"] = std::string("favor");
  const TemporaryFolder folder;
  const Registry registry = registry_with_seen_task();
  REQUIRE(run_seen_trial(spec, folder.path, 1).status == Status::ok);
  const StoredModel stored = load_model(folder.path / "checkpoint.safetensors", registry);
  const auto twin_of = [&](uint64_t seed) {  // made anew and given the stored parameters
    Options options(spec.model_options);
    auto twin = std::make_unique<Model>(registry.model(spec.model), options, stored.spec.settings,
                                        shape_of(*stored.task), seed);
    for (std::size_t i = 0; i < twin->parameters().size(); ++i) {
      const Tensor from = stored.model->parameters()[i].value;
      std::copy_n(from.data(), from.size(), twin->parameters()[i].value.data());
    }
    return twin;
  };
  const Batch batch =
      collate(std::vector<Example>{{{1, 2, 3}, {0, 0, 1}}}.data(), 1, Readout::token);
  const Tensor y = stored.model->forward(batch);
  CHECK(max_difference(y, twin_of(spec.seed)->forward(batch)) == 0);
  CHECK(max_difference(y, twin_of(spec.seed + 1)->forward(batch)) > 0);
}

TEST_CASE("trial: a stored checkpoint has the draw of random features that its weights go by",
          "[trial]") {
  TrialSpec spec = seen_trial("linear_attention", 8);
  spec.model_options["feature"] = std::string("favor");
  spec.model_options["redraw"] = int64_t{1};
  const TemporaryFolder folder;
  const Registry registry = registry_with_seen_task();
  const TrialRecord record = run_seen_trial(spec, folder.path, 1);
  REQUIRE(record.status == Status::ok);
  REQUIRE(record.selected_step > 1);
  const StoredModel stored = load_model(folder.path / "checkpoint.safetensors", registry);
  Options options(spec.model_options);
  Model made(registry.model(spec.model), options, stored.spec.settings, shape_of(*stored.task),
             spec.seed);
  const auto difference = [&] {
    double largest = 0;
    for (std::size_t i = 0; i < made.parameters().size(); ++i)
      if (!made.parameters()[i].trained())
        largest = std::max(largest, max_difference(made.parameters()[i].value,
                                                   stored.model->parameters()[i].value));
    return largest;
  };
  CHECK(difference() > 0.1);
  made.redraw(record.selected_step - 1);
  CHECK(difference() == 0);
}

TEST_CASE("trial: a model is tested at each length and on each test set", "[trial]") {
  TrialSpec spec = seen_trial("linear_attention", 30);
  spec.task_options["test_set"] = std::string("ordinary");
  spec.evaluate = {{24, 50}, {}, {"ordinary", "never"}};
  const TemporaryFolder folder;
  const TrialRecord record = run_seen_trial(spec, folder.path, 2);
  INFO(record.message);
  REQUIRE(record.evaluations.size() == 4);
  CHECK(record.evaluations[1].length == 50);
  CHECK(record.evaluations[1].test_set == "ordinary");
  CHECK(record.evaluations[3].test_set == "never");
  CHECK(record.evaluations[3].baselines.majority == 1);  // nothing is ever seen
  CHECK(record.evaluations[0].baselines.majority < 0.9);
  // Its learned positions reach the longest test, in the checkpoint too.
  CHECK_NOTHROW(load_model(folder.path / "checkpoint.safetensors", registry_with_seen_task()));
}

TEST_CASE("trial: what goes wrong becomes a status with a message", "[trial]") {
  const TemporaryFolder folder;
  TrialSpec diverging = seen_trial("transformer", 30);
  diverging.settings.learning_rate = 10;
  diverging.settings.weight_decay = 10;  // weights grow a hundredfold a step
  diverging.settings.clip = 0;
  const TrialRecord diverged = run_seen_trial(diverging, folder.path, 1);
  CHECK(diverged.status == Status::diverged);
  CHECK(diverged.message.find("at step") != std::string::npos);
  CHECK(diverged.steps > 0);  // it keeps what it found until then
  CHECK(diverged.tokens_seen > 0);
  CHECK(read_curve(folder.path).size() >= static_cast<std::size_t>(diverged.steps));
  CHECK_FALSE(fs::exists(folder.path / "checkpoint.safetensors"));

  TrialSpec backwards = seen_trial("transformer", 3);
  backwards.settings.causal = false;  // of a task that is read at every position
  CHECK(run_seen_trial(backwards, folder.path, 1).status == Status::unsupported);

  TrialSpec choices = seen_trial("transformer", 3);
  choices.settings.loss = "emos";
  choices.settings.pretrain_mask = 2;
  const TrialRecord refused = run_seen_trial(choices, folder.path, 1);
  CHECK(refused.status == Status::failed);
  CHECK(refused.message ==
        "settings: loss: found 'emos', allowed: cross_entropy | emo | smooth_accuracy | tailr | "
        "logit_adjusted | mse; did you mean 'emo'?\nsettings: pretrain_mask: found 2, allowed: 0 "
        ".. 1");

  TrialSpec unknown = seen_trial("transfomer", 3);
  const TrialRecord failed = run_seen_trial(unknown, folder.path, 1);
  CHECK(failed.status == Status::failed);
  CHECK(failed.message.find("did you mean 'transformer'?") != std::string::npos);
}
