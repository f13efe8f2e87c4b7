#include "harness/suite/suite.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

// What load_suite says about a file that is called s.yaml, without the folder.
std::string complaint(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file("s.yaml", yaml);
  Registry registry = fake_registry();
  try {
    load_suite(file.path(), registry, overrides);
  } catch (const Error& error) {
    std::string message = error.what();
    const std::string folder = file.path().parent_path().string() + "/";
    for (std::size_t at; (at = message.find(folder)) != std::string::npos;)
      message.erase(at, folder.size());
    return message;
  }
  return "";
}

const std::string kGood = R"(suite: s
seeds: [0]
budget: {steps: 5}
defaults: {d_model: 16}
models: [copy]
tasks: [coin]
)";

// kGood with one line replaced; lines count from 1.
std::string with_line(int line, const std::string& replacement) {
  std::string yaml, rest = kGood;
  for (int n = 1; !rest.empty(); ++n) {
    const std::size_t end = rest.find('\n') + 1;
    yaml += n == line ? replacement + "\n" : rest.substr(0, end);
    rest.erase(0, end);
  }
  return yaml;
}

}  // namespace

TEST_CASE("config: a good file has no complaint", "[config]") { CHECK(complaint(kGood).empty()); }

TEST_CASE("config: all problems of a file come at once, in its order", "[config]") {
  CHECK(complaint(R"(suite: s
seeds: [0, 0, x]
budget: {stepz: 5}
defaults:
  d_model: wide
  layerz: 2
models:
  - copy
  - {name: copy-odd, model: copy, heads: 0, gat: silu, gate: relu}
  - copi
tasks:
  - {task: coin, sides: 7, d_model: 0}
  - {name: echo, length: 3}
extra: 1
)") ==
        R"(s.yaml:2: seeds: 0 is given twice
s.yaml:2: seeds: found 'x', allowed: integers, at least 0
s.yaml:3: budget.stepz: unknown key; did you mean 'steps'? known: steps epochs seconds tokens flops
s.yaml:3: budget: needs a limit: steps, epochs, seconds, tokens or flops
s.yaml:5: defaults.d_model: expected an integer, found text 'wide'
s.yaml:6: defaults.layerz: unknown key; did you mean 'layers'? known: d_model layers norm norm_place feed_forward mlp_ratio short_conv canon causal locality pooling tied_embedding dropout checkpoint_blocks batch lanes precision loss loss_head loss_mix loss_gamma loss_tau label_smoothing label_noise optimizer momentum beta1 beta2 learning_rate schedule warmup cooldown rate_floor weight_decay clip weight_average train_examples label_fraction pretrain pretrain_steps pretrain_mask evaluations patience validation_examples test_examples
s.yaml:9: models.copy-odd.heads: found 0, allowed: 1 .. 8
s.yaml:9: models.copy-odd.gate: found 'relu', allowed: none | silu; did you mean 'silu'?
s.yaml:9: models.copy-odd.gat: unknown key; did you mean 'gate'? known: heads gate
s.yaml:10: models.copi: no model 'copi'; did you mean 'copy'? known: copy mirror
s.yaml:12: tasks.coin.d_model: found 0, allowed: 1 .. 16384
s.yaml:12: tasks.coin.sides: found 7, allowed: 2 .. 6
s.yaml:13: tasks.echo: echo: length 3 is odd
s.yaml:14: extra: unknown key; known: suite seeds root_seed budget match tune sweep baselines metrics diagnostics pretrain loss retry limits checkpoint_seconds engine defaults models tasks evaluate plugins throughput)");
}

TEST_CASE("config: a setting misspelt in an entry finds the setting", "[config]") {
  CHECK(complaint(with_line(5, "models: [{name: copy, d_modle: 8}]")) ==
        "s.yaml:5: models.copy.d_modle: unknown key; did you mean 'd_model'? known: heads gate");
}

TEST_CASE("config: what a model rejects only at another task's width is found too", "[config]") {
  CHECK(complaint(with_line(6, "tasks: [coin, {name: echo, d_model: 9}]")) ==
        "s.yaml:5: models.copy.heads: found 2, allowed: divisors of d_model 9");
}

TEST_CASE("config: options of a model that cannot see what is asked are still checked",
          "[config]") {
  CHECK(complaint(with_line(5, "models: [{name: mirror, heads: 99}]")) ==
        "s.yaml:5: models.mirror.heads: found 99, allowed: 1 .. 8");
}

TEST_CASE("config: a key or a row given twice is a problem", "[config]") {
  CHECK(complaint(kGood + "seeds: [1]\n") == "s.yaml:7: seeds: given twice, first on line 2");
  CHECK(complaint(with_line(5, "models: [{name: copy, heads: 1, heads: 2}]")) ==
        "s.yaml:5: models.copy.heads: given twice, first on line 5");
  CHECK(complaint(with_line(5, "models: [copy, {name: copy, heads: 1}]")) ==
        "s.yaml:5: models.copy.name: another model entry has this name too");
}

TEST_CASE("config: two rows that train the same trial are a problem", "[config]") {
  CHECK(
      complaint(with_line(5, "models: [copy, {name: same, model: copy, heads: 2}]")) ==
      "s.yaml:5: models: same on coin is the same trial as copy on coin: entries must differ in an "
      "option or setting");
}

TEST_CASE("config: what is missing or empty is named", "[config]") {
  CHECK(complaint("") == R"(s.yaml:1: suite: is missing, such as suite: my_suite
s.yaml:1: seeds: is missing, such as seeds: [0, 1, 2]
s.yaml:1: tasks: is missing, such as tasks: [listops, mqar]
s.yaml:1: models: is missing, such as models: [transformer, lru])");
  CHECK(complaint(with_line(2, "seeds: []")) ==
        "s.yaml:2: seeds: is empty, allowed: at least one seed");
  CHECK(complaint(with_line(2, "seeds: three")) ==
        "s.yaml:2: seeds: found 'three', allowed: a list such as [0, 1, 2], or how many: 1 .. "
        "10000");
  CHECK(complaint(with_line(2, "seeds: [0]\nroot_seed: 1")) ==
        "s.yaml:3: root_seed: stands beside a number of seeds, such as seeds: 5");
  CHECK(complaint(with_line(2, "seeds: 2\nroot_seed: -1")) ==
        "s.yaml:3: root_seed: found '-1', allowed: an integer, at least 0");
  CHECK(complaint(with_line(3, "")) ==
        "s.yaml:6: tasks.coin: needs a budget, its own or the suite's, such as budget: {steps: "
        "1000}");
  CHECK(complaint(with_line(6, "tasks: [{sides: 3}]")) == "s.yaml:6: tasks: needs a name");
  CHECK(complaint(with_line(6, "tasks: [[coin]]")) ==
        "s.yaml:6: tasks: expected a map of keys, found a list");
  CHECK(complaint(with_line(4, "defaults: 16")) ==
        "s.yaml:4: defaults: expected a map of keys, found '16'");
}

TEST_CASE("config: impossible values are named with what is allowed", "[config]") {
  CHECK(complaint(with_line(1, "suite: ../up")) ==
        "s.yaml:1: suite: found '../up', allowed: a name of letters, digits, '_' and '-'");
  CHECK(complaint(with_line(3, "budget: {steps: 0, seconds: .nan}")) ==
        "s.yaml:3: budget.steps: found 0, allowed: at least 1\n"
        "s.yaml:3: budget.seconds: found nan, allowed: at least 0.001");
  CHECK(complaint(with_line(4, "defaults: {causal: yes}")) ==
        "s.yaml:4: defaults.causal: expected true or false, found text 'yes'");
  CHECK(complaint(with_line(4, "defaults: {layers: +-1}")) ==
        "s.yaml:4: defaults.layers: expected an integer, found text '+-1'");
  CHECK(complaint(with_line(4, "defaults: {d_model: [8, 16]}")) ==
        "s.yaml:4: defaults.d_model: expected a single value, found a list");
  CHECK(complaint(kGood + "retry: {delay: soon}\n") ==
        "s.yaml:7: retry.delay: found 'soon', allowed: a time such as 500ms, 2s or 1m");
}

TEST_CASE("config: an unknown diagnostic is named with those there are", "[config]") {
  CHECK(complaint(kGood + "diagnostics: [state_norm]\n").empty());
  CHECK(complaint(kGood + "baselines: [bag_of_tokens]\n").empty());
  CHECK(complaint(kGood + "baselines: [bag]\n") ==
        "s.yaml:7: baselines: found 'bag', allowed: bag_of_tokens");
  CHECK(complaint(kGood + "diagnostics: [state_norms]\n") ==
        "s.yaml:7: diagnostics: found 'state_norms', allowed: attention_concentration, "
        "effective_rank, attended_distance, first_share, cosine, update_cosine, state_norm, "
        "gradient_norm, lyapunov_exponent, notes; did you mean 'state_norm'?");
}

TEST_CASE("config: an impossible throughput block is named with what is allowed", "[config]") {
  const auto of = [](const std::string& block) {
    return complaint(kGood + "throughput: {" + block + "}\n");
  };
  CHECK(of("lengths: [16, 0]") ==
        "s.yaml:7: throughput.lengths: found '0', allowed: integers, 1 .. 16777216");
  CHECK(of("lengths: [16, 16]") == "s.yaml:7: throughput.lengths: 16 is given twice");
  CHECK(of("lengths: []") == "s.yaml:7: throughput.lengths: is empty, allowed: at least one");
  CHECK(of("lengths: 16") ==
        "s.yaml:7: throughput.lengths: expected a list such as [256, 1024, 4096], found '16'");
  CHECK(of("phases: [trian]") ==
        "s.yaml:7: throughput.phases: found 'trian', allowed: train, prefill, decode");
  CHECK(of("repetitions: -1, tokens: 0") ==
        "s.yaml:7: throughput.tokens: found 0, allowed: at least 1\n"
        "s.yaml:7: throughput.repetitions: found -1, allowed: 1 .. 10000");
  CHECK(of("length: [8]") == "s.yaml:7: throughput.length: expected a single value, found a list");
  CHECK(of("token: 8") ==
        "s.yaml:7: throughput.token: unknown key; did you mean 'tokens'? known: lengths phases "
        "tokens repetitions");
}

TEST_CASE("config: YAML that does not parse names the line", "[config]") {
  CHECK(complaint("suite: s\nseeds: [0\nbudget: 1\n").find("s.yaml:3: not valid YAML: ") == 0);
  const std::string one = "s.yaml: holds more than one YAML document, allowed: one";
  CHECK(complaint("suite: s\n---\nsuite: t\n") == one);
  CHECK(complaint(",3") == one);  // yaml-cpp's own LoadAll() never comes back from this
  CHECK(complaint("suite: &a [*a]\n").find("nested deeper than") != std::string::npos);
}

TEST_CASE("config: aliases of aliases that would fill the memory are refused", "[config]") {
  std::string bomb = "a: &a [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    const std::string alias = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [" + alias;
    for (int i = 0; i < 9; ++i) bomb += ", " + alias;
    bomb += "]\n";
  }
  CHECK(complaint(bomb) == "s.yaml: holds more than 100000 values");
}

TEST_CASE("config: a file that is not there is named", "[config]") {
  Registry registry = fake_registry();
  CHECK_THROWS_WITH(load_suite("no/such.yaml", registry), Contains("no/such.yaml: cannot be read"));
  CHECK_THROWS_WITH(load_suite("/tmp", registry), Contains("/tmp: cannot be read"));
}

TEST_CASE("config: a wrong --set names its path and the nearest one", "[config]") {
  const auto of = [](const std::string& assignment) { return complaint(kGood, {assignment}); };
  CHECK(of("budget.stepz=5") ==
        "--set budget.stepz: unknown key; did you mean 'steps'? known: steps epochs seconds "
        "tokens flops");
  CHECK(of("task.coin.sides=3")
            .find("--set task.coin.sides: task: unknown key; did you mean "
                  "'tasks'? known: suite seeds") == 0);
  CHECK(of("tasks.coi.sides=3") ==
        "--set tasks.coi.sides: no 'coi' in tasks; did you mean 'coin'? known: coin");
  CHECK(of("tasks.coin.side=3") ==
        "--set tasks.coin.side: unknown key; did you mean 'sides'? known: sides");
  CHECK(of("tasks.coin.sides=many") ==
        "--set tasks.coin.sides: expected an integer, found text 'many'");
  CHECK(of("models.copy.heads=9") == "--set models.copy.heads: found 9, allowed: 1 .. 8");
  CHECK(of("suite.name=x") == "--set suite.name: suite is a single value and has no 'name'");
  CHECK(of("budget.steps") == "--set budget.steps: expected PATH=VALUE, such as budget.steps=100");
  CHECK(of("seeds=[0,").find("--set seeds: not valid YAML: ") == 0);
}

TEST_CASE("config: text that is not UTF-8 is named with its line", "[config]") {
  CHECK(complaint(kGood + "plugins: ['\xff.so']\n") ==
        "s.yaml:7: holds bytes that are not UTF-8; allowed: UTF-8 text");
  CHECK(complaint(kGood, {"plugins=\xff.so"}) ==
        "--set plugins: holds bytes that are not UTF-8; allowed: UTF-8 text");
}
