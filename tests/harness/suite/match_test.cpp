
#include "harness/suite/match.h"
#include "core/builtins.h"
#include "harness/model/model.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite_yaml.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const std::string kMatchedSuite = R"(suite: matched
seeds: [0]
budget: {steps: 5}
match: parameters
defaults: {d_model: 48, layers: 1}
models: [lru, {name: transformer, heads: 1}, min_gru]
tasks: [{name: mqar, length: 16, pairs: 2, vocabulary: 16}, {name: mod, task: parity_check, d_model: 32}]
)";

Registry builtins() {
  Registry registry;
  register_builtins(registry);
  return registry;
}

Suite load(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file("matched.yaml", yaml);
  Registry registry = builtins();
  return load_suite(file.path(), registry, overrides);
}

int64_t parameters(const TrialSpec& spec, const Registry& registry) {
  Options task(spec.task_options), model(spec.model_options);
  const std::unique_ptr<Task> made = registry.task(spec.task).make(task);
  return Model(registry.model(spec.model), model, spec.settings, shape_of(*made), 0)
      .parameter_count();
}

}  // namespace

TEST_CASE("match: every model has the first one's parameters on every task", "[match]") {
  const Registry registry = builtins();
  const std::vector<TrialSpec> trials = grid(load(kMatchedSuite), registry);
  REQUIRE(trials.size() == 6);
  for (std::size_t task = 0; task < 2; ++task) {
    const auto reference = double(parameters(trials[task * 3], registry));
    CHECK(trials[task * 3].settings.d_model == (task == 0 ? 48 : 32));
    for (std::size_t model = 1; model < 3; ++model) {
      const TrialSpec& spec = trials[task * 3 + model];
      INFO(spec.model_name << " on " << spec.task_name);
      CHECK(double(parameters(spec, registry)) == Approx(reference).epsilon(0.05));
    }
    CHECK(trials[task * 3 + 2].settings.d_model > trials[task * 3].settings.d_model);
  }
}

TEST_CASE("match: the resolved suite says what was solved and solves the same again", "[match]") {
  const Suite suite = load(kMatchedSuite);
  const std::string yaml = to_yaml(suite);
  CHECK_THAT(yaml, Contains("\nmatch: parameters\n# matched transformer on mqar: d_model "));
  CHECK(to_yaml(load(yaml)) == yaml);
}

TEST_CASE("match: operations a token are those that the operators count", "[match]") {
  const Suite suite = load(kMatchedSuite, {"match=flops"});
  REQUIRE(suite.matched.size() == 4);
  for (const MatchedWidth& width : suite.matched) {
    INFO(width.model << " on " << width.task);
    CHECK(std::abs(width.share - 1) <= 0.05);
    CHECK(width.size > 10000);
  }
}

TEST_CASE("match: the throughput phase has widths of its own", "[match]") {
  const Suite suite = load(kMatchedSuite + "throughput: {lengths: [16, 64]}\n");
  CHECK(suite.matched.size() == 6);
  const std::vector<TrialSpec> timed = timed_models(suite, builtins());
  CHECK(timed[0].settings.d_model == 48);
  CHECK(timed[2].settings.d_model > 48);
}

TEST_CASE("match: a model that no width fits is named with its nearest", "[match]") {
  CHECK_THROWS_WITH(
      load(kMatchedSuite, {"models.transformer={name: transformer, heads: 32, position: none}"}),
      Contains("models.transformer: match: no width has the ") &&
          Contains("parameters of lru on mqar within 5%; nearest: d_model "));
  CHECK_THROWS_WITH(load(kMatchedSuite, {"models.transformer.d_model=64"}),
                    Contains("models.transformer: d_model: match solves the width"));
  CHECK_THROWS_WITH(load(kMatchedSuite, {"match=params"}),
                    Contains("match: found 'params', allowed: none | parameters | flops"));
  CHECK_THROWS_WITH(load(kMatchedSuite, {"tune={d_model: [8, 16]}"}),
                    Contains("tune.d_model: is what match solves for"));
}
