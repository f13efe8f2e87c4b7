
#include <nlohmann/json.hpp>

#include "harness/settings/trial_spec.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

TrialSpec sample_spec() {
  TrialSpec spec;
  spec.suite = "quick";
  spec.model_name = "transformer-wide";
  spec.model = "transformer";
  spec.model_options = {
      {"heads", int64_t{4}}, {"scale", 0.1}, {"bias", true}, {"position", "rope"}};
  spec.task_name = "listops";
  spec.task = "listops";
  spec.task_options = {{"max_depth", int64_t{5}}, {"ratio", 1.0}};
  spec.task_version = 2;
  spec.settings.learning_rate = 0.1 + 0.2;
  spec.budget = {600, 12.5};
  spec.seed = 0xffffffffffffffff;
  spec.plugins = {{"/a.so", "0123456789abcdef"}};
  return spec;
}

std::string error_of(const nlohmann::json& json) {
  try {
    trial_from_json(json);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("spec: JSON gives every field back exactly", "[spec]") {
  const TrialSpec spec = sample_spec();
  const nlohmann::json json = nlohmann::json::parse(to_json(spec).dump());
  const TrialSpec read = trial_from_json(json);
  CHECK(to_json(read) == to_json(spec));
  CHECK(read.id() == spec.id());
  CHECK(read.settings.learning_rate == 0.1 + 0.2);
  CHECK(read.seed == spec.seed);
  CHECK(std::get<double>(read.task_options.at("ratio")) == 1.0);  // not turned into an integer
}

TEST_CASE("spec: the id changes with whatever changes the outcome", "[spec]") {
  const std::string id = sample_spec().id();
  CHECK(id.size() == 16);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);

  std::vector<TrialSpec> changed(11, sample_spec());
  changed[0].model = "lru";
  changed[1].model_options["heads"] = int64_t{5};
  changed[2].task = "mqar";
  changed[3].task_options["max_depth"] = int64_t{6};
  changed[4].task_version = 3;
  changed[5].settings.layers = 3;
  changed[6].budget.steps = 601;
  changed[7].seed = 0;
  changed[8].plugins[0].content = "0123456789abcdee";  // it was rebuilt
  changed[9].budget.tokens = 1e6;
  changed[10].budget.flops = 1e12;
  for (const TrialSpec& spec : changed) CHECK(spec.id() != id);
}

TEST_CASE("spec: the id does not change with names alone", "[spec]") {
  TrialSpec spec = sample_spec();
  spec.suite = "other";
  spec.model_name = "t";
  spec.task_name = "l";
  spec.plugins[0].path = "/b.so";
  CHECK(spec.id() == sample_spec().id());
}

TEST_CASE("spec: the id of a known spec stays what it was", "[spec]") {
  // Stored results are found by it. Only a new task version may change it.
  TrialSpec spec = sample_spec();
  spec.plugins.clear();
  CHECK(spec.id() == "4b27d833a27a34aa");
}

TEST_CASE("spec: an option or setting that is as by default changes no id", "[spec]") {
  TrialSpec spec = sample_spec();
  spec.model_options["newer"] = 0.5;
  CHECK(spec.id() != sample_spec().id());
  spec.model_defaults["newer"] = 0.5;
  CHECK(spec.id() == sample_spec().id());
  spec.model_options["newer"] = 0.25;
  CHECK(spec.id() != sample_spec().id());

  spec = sample_spec();
  spec.task_options["newer"] = std::string("plain");
  spec.task_defaults["newer"] = std::string("plain");
  CHECK(spec.id() == sample_spec().id());
}

TEST_CASE("spec: the precision is part of the id where it is not float32", "[spec]") {
  TrialSpec spec = sample_spec();
  spec.settings.precision = "float32";
  CHECK(spec.id() == sample_spec().id());
  spec.settings.precision = "bf16";
  CHECK(spec.id() != sample_spec().id());
  CHECK(trial_from_json(to_json(spec)).settings.precision == "bf16");
  nlohmann::json json = to_json(sample_spec());
  json["settings"].erase("precision");  // of a file that is older
  CHECK(trial_from_json(json).settings.precision == "float32");
}

TEST_CASE("spec: one id is two trials once a default changes", "[spec]") {
  TrialSpec before = sample_spec(), after = sample_spec();
  before.model_options["depth"] = before.model_defaults["depth"] = int64_t{2};
  after.model_options["depth"] = after.model_defaults["depth"] = int64_t{3};
  CHECK(before.id() == after.id());
  CHECK_FALSE(after.is_same_trial(before));
  CHECK(before.is_same_trial(before));
  // A stored trial that is older than the option ran as it does by default.
  CHECK(after.is_same_trial(sample_spec()));
  CHECK(sample_spec().is_same_trial(after));
  CHECK(before.exact_id() != after.exact_id());
  after.suite = after.model_name = "another name";
  CHECK(after.is_same_trial(sample_spec()));
}

TEST_CASE("spec: data is known by its content, not by its place", "[spec]") {
  const auto with_data = [](const std::string& path, const std::string& content) {
    TrialSpec spec = sample_spec();
    spec.task_options["data"] = path;
    spec.task_defaults["data"] = std::string();
    spec.task_data["data"] = content;
    return spec;
  };
  const TrialSpec spec = with_data("/a", "12-00");
  CHECK(with_data("/b", "12-00").id() == spec.id());
  CHECK(with_data("/b", "12-00").is_same_trial(spec));
  CHECK(with_data("/a", "12-01").id() != spec.id());
  CHECK_FALSE(with_data("/a", "12-01").is_same_trial(spec));
  CHECK(spec.id() != sample_spec().id());
  CHECK(trial_from_json(to_json(spec)).id() == spec.id());
}

TEST_CASE("spec: a file of before budgets in tokens and tuning is read", "[spec]") {
  nlohmann::json json = to_json(sample_spec());
  json.erase("tuning");
  CHECK(trial_from_json(json).id() == sample_spec().id());
  json["budget"]["tokens"] = 5e6;
  CHECK(trial_from_json(json).budget.tokens == 5e6);
  CHECK(to_json(trial_from_json(json)).at("budget").at("tokens") == 5e6);
}

TEST_CASE("spec: a bad trial file names the key", "[spec]") {
  nlohmann::json json = to_json(sample_spec());
  json.erase("seed");
  CHECK(error_of(json) == "trial: seed is missing");

  json = to_json(sample_spec());
  json["budget"]["stepz"] = 1;
  CHECK(
      error_of(json) ==
      "trial: budget.stepz: unknown key; did you mean 'steps'? known: steps seconds tokens flops");

  json = to_json(sample_spec());
  json["model_options"]["heads"] = {1, 2};
  CHECK(error_of(json) == "trial: model_options.heads: expected a single value, found [1,2]");

  json = to_json(sample_spec());
  json["settings"]["d_model"] = 0;
  CHECK(error_of(json) == "trial: settings: d_model: found 0, allowed: 1 .. 16384");

  json = to_json(sample_spec());
  json["plugins"] = {"/a.so"};
  CHECK(error_of(json) == "trial: plugins[0]: expected an object, found \"/a.so\"");

  json = to_json(sample_spec());
  json["task_version"] = "two";
  CHECK(error_of(json) == "trial: task_version: expected an integer, found \"two\"");

  CHECK(error_of(nlohmann::json::array()) == "trial: expected an object, found []");
}

TEST_CASE("spec: settings survive the way to options and back", "[spec]") {
  Settings settings;
  settings.d_model = 48;
  settings.pooling = "last";
  settings.causal = false;
  Options options(to_options(settings));
  const Settings read = read_settings(options);
  CHECK(options.problems().empty());
  CHECK(to_options(read) == to_options(settings));
}

TEST_CASE("spec: settings that are not given come from the base", "[spec]") {
  Settings base;
  base.layers = 7;
  Options options({{"d_model", int64_t{32}}});
  const Settings settings = read_settings(options, base);
  CHECK(settings.layers == 7);
  CHECK(settings.d_model == 32);
}
