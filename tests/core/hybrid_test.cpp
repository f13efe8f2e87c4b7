
#include <algorithm>

#include "core/hybrid.h"
#include "harness/check/gradcheck.h"
#include "harness/check/model_conformance.h"
#include "harness/model/stored_model.h"
#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "harness/suite/suite_yaml.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/seen_task.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const char* const kSuite = R"(suite: mixed
seeds: [0]
budget: {steps: 5}
defaults: {d_model: 16, layers: 3}
models:
  - {name: mixed, mixers: [lru, slru, transformer], heads: 4, r_min: 0.1, slru: {state: 6}}
tasks: [mqar]
)";

Suite load(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file("mixed.yaml", yaml);
  Registry registry = registry_with_seen_task();
  return load_suite(file.path(), registry, overrides);
}

std::string with_models(const std::string& entry) {
  return "suite: m\nseeds: [0]\nbudget: {steps: 5}\nmodels: [" + entry + "]\ntasks: [mqar]\n";
}

TrialSpec mixed_trial() {
  TrialSpec spec = seen_trial("lru+transformer", 3);
  spec.model_name = "mixed";
  spec.model_options = {{"lru.state", int64_t{6}}, {"transformer.heads", int64_t{4}}};
  spec.settings.layers = 3;
  return spec;
}

}  // namespace

TEST_CASE("a hybrid's layers have its mixers in turn, from the first again after the last",
          "[hybrid]") {
  const TrialSpec spec = mixed_trial();
  Options options(spec.model_options);
  const TaskShape task{.vocab = 5, .classes = 2, .max_length = 8};
  const Model model(registry_with_seen_task().model(spec.model), options, spec.settings, task, 1);
  options.check("mixed");
  const auto has = [&](const std::string& name) {
    return std::any_of(model.parameters().begin(), model.parameters().end(),
                       [&](const Parameter& p) { return p.name == name; });
  };
  CHECK(has("block.0.mixer.nu_log"));
  CHECK(has("block.1.mixer.q.weight"));
  CHECK(has("block.2.mixer.nu_log"));
  CHECK_FALSE(has("block.2.mixer.q.weight"));
}

TEST_CASE("a hybrid keeps what every model promises", "[hybrid]") {
  const ModelInfo model = registry_with_seen_task().model("lru+transformer+linear_attention");
  for (const std::string& violation : check_conformance(model)) FAIL_CHECK(violation);
}

TEST_CASE("an option of a hybrid goes to every mixer that has it, or to one by its name",
          "[hybrid]") {
  const Suite suite = load(kSuite);
  const TrialSpec spec = grid(suite, registry_with_seen_task()).at(0);
  CHECK(spec.model == "lru+slru+transformer");
  CHECK(spec.model_options.at("transformer.heads") == OptionValue(int64_t{4}));
  CHECK(spec.model_options.at("lru.r_min") == OptionValue(0.1));
  CHECK(spec.model_options.at("slru.r_min") == OptionValue(0.1));
  CHECK(spec.model_options.at("lru.state") == OptionValue(int64_t{0}));
  CHECK(spec.model_options.at("slru.state") == OptionValue(int64_t{6}));
  CHECK(grid(load(to_yaml(suite)), registry_with_seen_task()).at(0).id() == spec.id());
  const Suite changed = load(kSuite, {"models.mixed.slru.state=8", "models.mixed.r_min=0.2"});
  const OptionMap options = grid(changed, registry_with_seen_task()).at(0).model_options;
  CHECK(options.at("slru.state") == OptionValue(int64_t{8}));
  CHECK(options.at("lru.r_min") == OptionValue(0.2));
}

TEST_CASE("a hybrid that cannot be is an error with the nearest name", "[hybrid]") {
  CHECK_THROWS_WITH(
      load(with_models("{name: a, mixers: [lru, transformr]}")),
      Contains("models.a.mixers: no model 'transformr'; did you mean 'transformer'?"));
  CHECK_THROWS_WITH(load(with_models("{name: a, mixers: [lru, tcn]}")),
                    Contains("tcn is a whole network"));
  CHECK_THROWS_WITH(load(with_models("{name: a, mixers: [lru, slru, s5]}")),
                    Contains("names 3 mixers, found layers: 2"));
  CHECK_THROWS_WITH(load(with_models("{name: a, mixers: []}")), Contains("expected names"));
  CHECK_THROWS_WITH(load(with_models("{name: a, model: lru, mixers: [lru]}")),
                    Contains("takes the place of model"));
  CHECK_THROWS_WITH(load(with_models("{name: a, mixers: [lru, transformer], head: 2}")),
                    Contains("did you mean 'heads'?"));
  CHECK_THROWS_WITH(load(with_models("{name: a, mixers: [lru, transformer], heads: 0}")),
                    Contains("models.a.heads: found 0"));
}

TEST_CASE("a hybrid sees what all of its mixers can see", "[hybrid]") {
  const Registry registry = registry_with_seen_task();
  CHECK(registry.model("lru+transformer").direction == Direction::either);
  CHECK(registry.model("lru+retention").direction == Direction::causal);
}

TEST_CASE("a change after training is made by the mixers of a hybrid that have it", "[hybrid]") {
  const Registry registry = registry_with_seen_task();
  CHECK(registry.model("lru+slru").post_hoc == nullptr);
  const OptionMap options =
      registry.model("lru+transformer")
          .post_hoc({{"lru.state", int64_t{6}}, {"heads", int64_t{4}}}, {"yarn", 10, 40});
  CHECK(options == OptionMap{{"lru.state", int64_t{6}},
                             {"heads", int64_t{4}},
                             {"transformer.post_hoc", std::string("yarn")},
                             {"transformer.post_hoc_factor", 4.0}});
}

TEST_CASE("a hybrid's checkpoint gives back the model, and changes after training reach it",
          "[hybrid]") {
  TrialSpec spec = mixed_trial();
  spec.evaluate.post_hoc = {"logn"};
  const Registry registry = registry_with_seen_task();
  const OptionCheck check =
      check_model(registry.model(spec.model), spec.settings, 64, spec.model_options);
  spec.model_options = check.resolved;
  const TemporaryFolder folder;
  const TrialRecord record = run_seen_trial(spec, folder.path);
  INFO(record.message);
  REQUIRE(record.status == Status::ok);
  CHECK(record.evaluations.size() == 2);
  const auto file = folder.path / "checkpoint.safetensors";
  const StoredModel first = load_model(file, registry), second = load_model(file, registry);
  const Batch batch = random_batch({5, 3}, shape_of(*first.task), 1);
  const Tensor a = first.model->forward(batch), b = second.model->forward(batch);
  CHECK(std::equal(a.data(), a.data() + a.size(), b.data()));
}
