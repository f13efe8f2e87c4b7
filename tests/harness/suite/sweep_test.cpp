#include "harness/suite/grid.h"
#include "harness/suite/suite_yaml.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

const char* const kSweptSuite = R"(suite: swept
seeds: [0, 1]
budget: {steps: 5}
models: [copy, {name: one, model: copy, heads: 1}]
tasks: [coin]
sweep: {heads: [2, 4]}
)";

std::vector<std::string> names_with(const std::vector<std::string>& overrides) {
  std::vector<std::string> names;
  for (const ModelEntry& model : load_fake_suite(kSweptSuite, overrides).models)
    names.push_back(model.name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("sweep: a model is a row for each value, one that gives the value itself stays a row",
          "[sweep]") {
  CHECK(names_with({}) == Names{"copy-heads2", "copy-heads4", "one"});
  const std::vector<TrialSpec> trials = grid(load_fake_suite(kSweptSuite), fake_registry());
  REQUIRE(trials.size() == 2 * 3);
  CHECK(trials[0].model == "copy");
  CHECK(trials[0].model_options.at("heads") == OptionValue(int64_t{2}));
  CHECK(trials[1].model_options.at("heads") == OptionValue(int64_t{4}));
  CHECK(trials[2].model_options.at("heads") == OptionValue(int64_t{1}));
}

TEST_CASE("sweep: settings are swept too, and several keys make every combination", "[sweep]") {
  CHECK(names_with({"models=[copy]", "sweep={d_model: [8, 16], dropout: [0.5]}"}) ==
        Names{"copy-d_model8-dropout0_5", "copy-d_model16-dropout0_5"});
  const Suite suite = load_fake_suite(kSweptSuite, {"models=[copy]", "sweep={d_model: [8, 16]}"});
  CHECK(settings_of(suite, suite.models[1], suite.tasks[0]).d_model == 16);
}

TEST_CASE("sweep: a model of the sweep is the same trial as one that is written out", "[sweep]") {
  const Suite suite = load_fake_suite(kSweptSuite);
  CHECK_THAT(to_yaml(suite), !Contains("sweep"));
  const std::vector<TrialSpec> trials = grid(suite, fake_registry());
  const std::vector<TrialSpec> again = grid(load_fake_suite(to_yaml(suite)), fake_registry());
  REQUIRE(again.size() == trials.size());
  for (std::size_t i = 0; i < trials.size(); ++i) CHECK(again[i].id() == trials[i].id());
}

TEST_CASE("sweep: what is wrong is named", "[sweep]") {
  CHECK_THROWS_WITH(names_with({"sweep={head: [2]}"}),
                    Contains("sweep.head: is no setting and no option of any model; did you mean "
                             "'heads'?"));
  CHECK_THROWS_WITH(names_with({"sweep={heads: 2}"}), Contains("sweep.heads: expected a list"));
  CHECK_THROWS_WITH(names_with({"sweep={}"}), Contains("sweep: is empty"));
  CHECK_THROWS_WITH(names_with({"sweep={heads: [2, 9]}"}),
                    Contains("models.copy.heads: found 9, allowed"));
  CHECK_THROWS_WITH(names_with({"sweep={dropout: [2]}"}), Contains("dropout: found 2, allowed"));
  CHECK_THROWS_WITH(
      names_with({"models=[copy, {name: copy-heads2, model: copy, heads: 1}]"}),
      Contains("another model entry has this name") || Contains("which another entry has too"));
  CHECK_THROWS_WITH(names_with({"match=parameters", "sweep={d_model: [8, 16]}"}),
                    Contains("d_model: match solves the width"));
}
