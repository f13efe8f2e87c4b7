
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/builtins.h"
#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/section.h"
#include "harness/suite/suite.h"
#include "harness/suite/suite_schema.h"
#include "harness/suite/suite_yaml.h"
#include "harness/suite/yaml.h"
#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;

namespace {

const char* const kSuite = R"(suite: tiny
seeds: [3, 1]
budget: {steps: 50}
defaults: {d_model: 16, layers: 1}
models:
  - copy
  - {name: copy-wide, model: copy, heads: 4, d_model: 32}
tasks:
  - coin
  - {name: echo-long, task: echo, length: 32, batch: 8, d_model: 24, budget: {seconds: 1.5}}
)";

std::vector<nlohmann::json> trials(const Suite& suite) {
  std::vector<nlohmann::json> all;
  for (const TrialSpec& spec : grid(suite, fake_registry())) all.push_back(to_json(spec));
  return all;
}

TrialSpec trial(const Suite& suite, const std::string& model, const std::string& task) {
  for (const TrialSpec& spec : grid(suite, fake_registry()))
    if (spec.model_name == model && spec.task_name == task) return spec;
  throw Error("no such trial");
}

}  // namespace

TEST_CASE("suite: the grid is seeds x tasks x models, seeds outermost", "[suite]") {
  const std::vector<TrialSpec> specs = grid(load_fake_suite(kSuite), fake_registry());
  REQUIRE(specs.size() == 8);
  CHECK(specs[0].seed == 3);
  CHECK(specs[4].seed == 1);
  CHECK(specs[0].model_name == "copy");
  CHECK(specs[1].model_name == "copy-wide");
  CHECK(specs[2].task_name == "echo-long");
  std::set<std::string> ids;
  for (const TrialSpec& spec : specs) ids.insert(spec.id());
  CHECK(ids.size() == 8);
}

TEST_CASE("suite: a budget of epochs is one of steps, the last batch whole", "[suite]") {
  const auto steps = [](const std::string& budget, const std::string& settings) {
    return trial(load_fake_suite("suite: s\nseeds: [0]\nbudget: " + budget +
                                 "\ndefaults: " + settings + "\nmodels: [copy]\ntasks: [coin]\n"),
                 "copy", "coin")
        .budget;
  };
  CHECK(steps("{epochs: 3}", "{train_examples: 100, batch: 32}").steps == 10);
  CHECK(steps("{epochs: 3}", "{train_examples: 100, batch: 32}").epochs == 0);
  CHECK(steps("{epochs: 3}", "{train_examples: 100, label_fraction: 0.5, batch: 32}").steps == 5);
  CHECK(steps("{epochs: 3, steps: 4}", "{train_examples: 100, batch: 32}").steps == 4);
  CHECK_THROWS_WITH(steps("{epochs: 3}", "{batch: 32}"),
                    Catch::Matchers::Contains("epochs: coin draws training examples without end: "
                                              "set train_examples, or a budget of steps"));
  CHECK_THROWS_WITH(steps("{steps: 3}", "{label_fraction: 0.5}"),
                    Catch::Matchers::Contains("copy on coin: label_fraction: coin draws training "
                                              "examples without end: set train_examples"));
}

TEST_CASE("suite: a trial holds every option, those not given too", "[suite]") {
  const TrialSpec spec = trial(load_fake_suite(kSuite), "copy", "echo-long");
  CHECK(spec.suite == "tiny");
  CHECK(spec.model == "copy");
  CHECK(spec.model_options == OptionMap{{"heads", int64_t{2}}, {"gate", "none"}});
  CHECK(spec.task_options == OptionMap{{"length", int64_t{32}}, {"weight", 0.5}});
  CHECK(spec.task_version == 1);
}

TEST_CASE("suite: a model's setting beats the task's, which beats the suite's", "[suite]") {
  const Suite suite = load_fake_suite(kSuite);
  CHECK(trial(suite, "copy", "coin").settings.d_model == 16);
  CHECK(trial(suite, "copy", "echo-long").settings.d_model == 24);
  CHECK(trial(suite, "copy-wide", "echo-long").settings.d_model == 32);
  CHECK(trial(suite, "copy-wide", "echo-long").settings.batch == 8);
  CHECK(trial(suite, "copy-wide", "coin").settings.layers == 1);
}

TEST_CASE("suite: a task's own budget takes the place of the suite's", "[suite]") {
  const Suite suite = load_fake_suite(kSuite);
  CHECK(trial(suite, "copy", "coin").budget.steps == 50);
  CHECK(trial(suite, "copy", "echo-long").budget.steps == 0);
  CHECK(trial(suite, "copy", "echo-long").budget.seconds == 1.5);
}

TEST_CASE("suite: budgets in tokens and operations survive the resolved file", "[suite]") {
  const Suite suite = load_fake_suite(kSuite, {"budget={tokens: 5e6, flops: 1e13}"});
  CHECK(trial(suite, "copy", "coin").budget.tokens == 5e6);
  CHECK(trial(suite, "copy", "coin").budget.flops == 1e13);
  CHECK(trials(load_fake_suite(to_yaml(suite))) == trials(suite));
}

TEST_CASE("suite: a number of seeds is derived from the root, and more begin alike", "[suite]") {
  const auto seeds = [](const std::string& count, const std::string& root) {
    return load_fake_suite(kSuite, {"seeds=" + count, "root_seed=" + root}).seeds;
  };
  const std::vector<uint64_t> five = seeds("5", "0"), three = seeds("3", "0");
  CHECK(std::set<uint64_t>(five.begin(), five.end()).size() == 5);
  CHECK(std::equal(three.begin(), three.end(), five.begin()));
  CHECK(load_fake_suite(kSuite, {"seeds=3"}).seeds == three);
  for (const uint64_t seed : seeds("5", "1"))
    CHECK(std::find(five.begin(), five.end(), seed) == five.end());
  const Suite suite = load_fake_suite(kSuite, {"seeds=3"});
  CHECK(load_fake_suite(to_yaml(suite)).seeds == three);
}

TEST_CASE("suite: retry reads times with their unit", "[suite]") {
  CHECK(load_fake_suite(kSuite).retry.tries == 3);
  CHECK(load_fake_suite(kSuite).retry.delay_seconds == 2);
  const Suite suite = load_fake_suite(std::string(kSuite) + "retry: {tries: 5, delay: 250ms}\n");
  CHECK(suite.retry.tries == 5);
  CHECK(suite.retry.delay_seconds == 0.25);
  CHECK(load_fake_suite(std::string(kSuite) + "retry: {delay: 1.5m}\n").retry.delay_seconds == 90);
  CHECK(load_fake_suite(std::string(kSuite) + "retry: {delay: 4}\n").retry.delay_seconds == 4);
}

TEST_CASE("suite: --set changes what the file says", "[suite]") {
  const Suite suite = load_fake_suite(
      kSuite, {"budget.steps=7", "seeds=[9]", "defaults.d_model=8", "tasks.coin.sides=6",
               "tasks.coin.batch=4", "models.copy.gate=silu", "models.copy-wide.heads=8",
               "tasks.echo-long.budget={steps: 3}", "retry.tries=1"});
  const TrialSpec spec = trial(suite, "copy", "coin");
  CHECK(spec.budget.steps == 7);
  CHECK(suite.seeds == std::vector<uint64_t>{9});
  CHECK(spec.settings.d_model == 8);
  CHECK(spec.settings.batch == 4);
  CHECK(std::get<int64_t>(spec.task_options.at("sides")) == 6);
  CHECK(std::get<std::string>(spec.model_options.at("gate")) == "silu");
  CHECK(std::get<int64_t>(trial(suite, "copy-wide", "coin").model_options.at("heads")) == 8);
  CHECK(trial(suite, "copy", "echo-long").budget.steps == 3);
  CHECK(suite.retry.tries == 1);
}

TEST_CASE("suite: --set may replace a whole list", "[suite]") {
  const Suite suite = load_fake_suite(kSuite, {"models=[copy]", "tasks=[echo]"});
  CHECK(grid(suite, fake_registry()).size() == 2);
}

TEST_CASE("suite: the resolved YAML loads to the same trials", "[suite]") {
  const Suite suite = load_fake_suite(kSuite, {"budget.steps=7", "models.copy.learning_rate=1e-4",
                                               "defaults.dropout=0.1", "retry.delay=1m"});
  const Suite again = load_fake_suite(to_yaml(suite));
  CHECK(trials(again) == trials(suite));
  CHECK(again.retry.delay_seconds == 60);
  CHECK(to_yaml(again) == to_yaml(suite));
}

TEST_CASE("suite: throughput names lengths, phases, tokens and repetitions", "[suite]") {
  CHECK_FALSE(load_fake_suite(kSuite).throughput);
  const Suite suite = load_fake_suite(
      std::string(kSuite) + "throughput: {lengths: [8, 32], phases: [decode], repetitions: 7}\n",
      {"throughput.tokens=64"});
  REQUIRE(suite.throughput);
  CHECK(suite.throughput->lengths == std::vector<int64_t>{8, 32});
  CHECK(suite.throughput->phases == std::vector<Phase>{Phase::decode});
  CHECK(suite.throughput->repetitions == 7);
  CHECK(suite.throughput->tokens == 64);
  const std::vector<TrialSpec> models = timed_models(suite, fake_registry());
  REQUIRE(models.size() == 2);
  CHECK(models[1].model_name == "copy-wide");
  CHECK(models[1].settings.d_model == 32);
  CHECK(models[1].model_options.at("heads") == OptionValue(int64_t{4}));
  CHECK(to_yaml(load_fake_suite(to_yaml(suite))) == to_yaml(suite));
}

TEST_CASE("suite: one that asks for throughput alone needs no tasks and seeds", "[suite]") {
  const Suite suite = load_fake_suite("suite: tiny\nmodels: [copy]\nthroughput: {}\n");
  CHECK(grid(suite, fake_registry()).empty());
  CHECK(suite.throughput->lengths.size() == 7);
  CHECK(to_yaml(load_fake_suite(to_yaml(suite))) == to_yaml(suite));
}

TEST_CASE("suite: a model that cannot see what is asked is a trial all the same", "[suite]") {
  const Suite suite = load_fake_suite(kSuite, {"models=[copy, mirror]"});
  CHECK(grid(suite, fake_registry()).size() == 8);
  CHECK(!supports(fake_registry().model("mirror"), true));
  CHECK(supports(fake_registry().model("mirror"), false));
}

TEST_CASE("suite: no option of a model or task hides behind a setting", "[suite]") {
  Registry registry;
  register_builtins(registry);
  const std::vector<std::string> settings = setting_names();
  const std::set<std::string> taken(settings.begin(), settings.end());
  for (const auto& [name, info] : registry.models())
    for (const OptionInfo& option : check_model(info, {}, 64, {}).declared) {
      INFO(name << "." << option.name);
      CHECK(!taken.count(option.name));
      CHECK(option.name != "name");
      CHECK(option.name != "model");
    }
  for (const auto& [name, info] : registry.tasks())
    for (const OptionInfo& option : check_task(info, {}).declared) {
      INFO(name << "." << option.name);
      CHECK(!taken.count(option.name));
      CHECK(option.name != "name");
      CHECK(option.name != "task");
      CHECK(option.name != "budget");
    }
}

TEST_CASE("suite: every suite of configs/ loads with what is built in", "[suite]") {
  Registry registry;
  register_builtins(registry);
  const std::filesystem::path folder =
      std::filesystem::path(LONGHAUL_SOURCE_DIR) / "configs" / "suites";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory()) continue;  // published/: most want data, and have a test of their own
    INFO(entry.path());
    const Suite suite = load_suite(entry.path(), registry);
    CHECK(suite.name == entry.path().stem());
    std::ifstream in(entry.path());
    std::string line;
    std::getline(in, line);
    CHECK(line == "# yaml-language-server: $schema=../suite.schema.json");
  }
}

TEST_CASE("suite: evaluate reaches every trial and survives the resolved file", "[suite]") {
  const std::string yaml =
      "suite: tiny\nseeds: [0]\nbudget: {steps: 5}\nevaluate: {lengths: [4, 60]}\n"
      "models: [copy]\ntasks: [echo]\n";
  const Suite suite = load_fake_suite(yaml);
  CHECK(trial(suite, "copy", "echo").evaluate.lengths == std::vector<int64_t>{4, 60});
  CHECK(trials(load_fake_suite(to_yaml(suite))) == trials(suite));

  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(
      load_fake_suite(yaml, {"evaluate.lengths=[4, 7]"}),
      Contains("tasks.echo: cannot be tested as evaluate: asks: echo: length 7 is odd"));
  CHECK_THROWS_WITH(load_fake_suite(yaml, {"evaluate.lengths=[0]"}),
                    Contains("allowed: integers, at least 1"));
  CHECK_THROWS_WITH(load_fake_suite(yaml, {"evaluate.length=[4]"}),
                    Contains("did you mean 'lengths'?"));
  CHECK_THROWS_WITH(load_fake_suite(yaml, {"evaluate.post_hoc=[ntk]"}),
                    Contains("no model of the suite has post-hoc changes"));
}

TEST_CASE("suite: diagnostics reach every trial, in one order, and survive the resolved file",
          "[suite]") {
  const std::string yaml =
      "suite: tiny\nseeds: [0]\nbudget: {steps: 5}\ndiagnostics: [state_norm, cosine]\n"
      "models: [copy]\ntasks: [echo]\n";
  const Suite suite = load_fake_suite(yaml);
  CHECK(trial(suite, "copy", "echo").diagnostics ==
        std::vector<std::string>{"cosine", "state_norm"});
  CHECK(trials(load_fake_suite(to_yaml(suite))) == trials(suite));
}

TEST_CASE("suite: baselines reach every trial and survive the resolved file", "[suite]") {
  const Suite suite = load_fake_suite(
      "suite: tiny\nseeds: [0]\nbudget: {steps: 5}\nbaselines: [bag_of_tokens]\n"
      "models: [copy]\ntasks: [echo]\n");
  const TrialSpec spec = trial(suite, "copy", "echo");
  CHECK(spec.baselines == std::vector<std::string>{"bag_of_tokens"});
  CHECK(trial_from_json(to_json(spec)).baselines == spec.baselines);
  CHECK(trials(load_fake_suite(to_yaml(suite))) == trials(suite));
}

TEST_CASE("suite: the resolved file means the same names, whatever YAML makes of them", "[suite]") {
  Suite suite = load_fake_suite(kSuite);
  for (const std::string name : {"null", "Null", "true", "NO", "y", "1e5", "007", "0x1F", "1_000",
                                 "-", "-1", "nan", "e", "a-b"}) {
    INFO(name);
    suite.name = suite.models[0].name = suite.tasks[0].name = name;
    const std::string yaml = to_yaml(suite);
    INFO(yaml);
    const Suite again = load_fake_suite(yaml);
    CHECK(again.name == name);
    CHECK(trials(again) == trials(suite));
    CHECK(to_yaml(again) == yaml);
  }
}

TEST_CASE("suite: the resolved file means the same options, whatever they hold", "[suite]") {
  Suite suite = load_fake_suite(kSuite);
  for (const std::string value : {"",
                                  " ",
                                  "~",
                                  "null",
                                  "true",
                                  "1e5",
                                  "007",
                                  "-",
                                  "a: b",
                                  "a #b",
                                  "#",
                                  "[1, 2]",
                                  "{a: b}",
                                  "*a",
                                  "&a",
                                  "!a",
                                  "|",
                                  ">",
                                  "%a",
                                  "@a",
                                  "`a`",
                                  "a\tb",
                                  "a\nb",
                                  "\"",
                                  "'",
                                  "\\",
                                  " a ",
                                  "ü模",
                                  "?",
                                  "a,b",
                                  "/data/my data #2/listops",
                                  ".inf",
                                  ".nan",
                                  "=",
                                  "<<",
                                  "a\x01"}) {
    INFO(value);
    suite.tasks[0].options = {{"text", value}, {"a: #", true}};
    suite.plugins = {value};
    const ConfigNode root = parse_config(to_yaml(suite), {"again.yaml", 1});
    const ConfigNode& task = root.find("tasks")->children.at(0);
    CHECK(task.find("text")->scalar == OptionValue(value));
    CHECK(task.find("a: #")->scalar == OptionValue(true));
    CHECK(root.find("plugins")->children.at(0).scalar == OptionValue(value));
  }
}

TEST_CASE("suite: configs/suite.schema.json is what the program prints", "[suite]") {
  const std::filesystem::path file =
      std::filesystem::path(LONGHAUL_SOURCE_DIR) / "configs" / "suite.schema.json";
  INFO("scripts/update_docs.sh writes it");
  CHECK(read_text(file) == suite_schema().dump(2) + "\n");
}

TEST_CASE("suite: every key that the schema has is read", "[suite]") {
  for (const FileKey& key : suite_part("suite")) {
    INFO(key.name);
    CHECK_THROWS_WITH(load_fake_suite(kSuite, {key.name + "=[[]]"}),
                      Catch::Matchers::Contains("--set " + key.name));
  }
  for (const FileKey& key : suite_part("evaluate")) {
    INFO(key.name);
    CHECK_THROWS_WITH(load_fake_suite(kSuite, {"evaluate." + key.name + "=[[]]"}),
                      Catch::Matchers::Contains("--set evaluate." + key.name));
  }
  for (const FileKey& key : suite_part("throughput")) {
    INFO(key.name);
    CHECK_THROWS_WITH(load_fake_suite(kSuite, {"throughput." + key.name + "=[[]]"}),
                      Catch::Matchers::Contains("--set throughput." + key.name));
  }
}

TEST_CASE("suite: names are text as it is written", "[suite]") {
  const auto with = [](std::string yaml, const std::string& from, const std::string& to) {
    return yaml.replace(yaml.find(from), from.size(), to);
  };
  CHECK(load_fake_suite(with(kSuite, "suite: tiny", "suite: 007")).name == "007");
  const Suite suite =
      load_fake_suite(with(kSuite, "{name: copy-wide", "{name: 1e3"), {"models.1e3.heads=2"});
  CHECK(suite.models[1].name == "1e3");
  CHECK(std::get<int64_t>(suite.models[1].options.at("heads")) == 2);
}

TEST_CASE("suite: a value of --set is taken as it stands", "[suite][config]") {
  for (const std::string value :
       {"/data/my data #2/listops", "/data/a: b", "~", "- x", "&a", "null"}) {
    ConfigNode root;
    Problems problems;
    apply_override(root, "data=" + value, problems);
    CHECK(problems.empty());
    REQUIRE(root.find("data")->kind == ConfigNode::Kind::scalar);
    CHECK(to_text(root.find("data")->scalar) == value);
  }
  ConfigNode root;
  Problems problems;
  for (const char* assignment : {"a=3", "b=1e-3", "c=true", "d=[1, 2]", "e={f: 1}", "g='3'", "h="})
    apply_override(root, assignment, problems);
  CHECK(problems.empty());
  CHECK(root.find("a")->scalar == OptionValue(int64_t{3}));
  CHECK(root.find("b")->scalar == OptionValue(1e-3));
  CHECK(root.find("c")->scalar == OptionValue(true));
  CHECK(root.find("d")->kind == ConfigNode::Kind::list);
  CHECK(root.find("e")->kind == ConfigNode::Kind::map);
  CHECK(root.find("g")->scalar == OptionValue(std::string("3")));
  CHECK(root.find("h")->kind == ConfigNode::Kind::null);
}

TEST_CASE("suite: throughput alone needs neither tasks nor a block of its own", "[suite]") {
  const std::string yaml = "suite: speed\nseeds: [0]\nbudget: {steps: 5}\nmodels: [copy]\n";
  const TemporaryFile file("speed.yaml", yaml);
  Registry registry = fake_registry();
  CHECK_THROWS_WITH(load_suite(file.path(), registry),
                    Catch::Matchers::Contains("tasks: is missing"));
  CHECK(load_suite(file.path(), registry, {}, Purpose::measure).throughput.has_value());
  CHECK(load_fake_suite(yaml + "throughput: {lengths: [16]}\n").tasks.empty());
}
