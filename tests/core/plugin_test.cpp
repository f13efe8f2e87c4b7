
#include <cstdlib>

#include "core/builtins.h"
#include "core/plugin_loader.h"
#include "harness/suite/grid.h"
#include "harness/suite/suite.h"
#include "harness/suite/suite_yaml.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/program.h"

using namespace longhaul;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

namespace fs = std::filesystem;

fs::path plugin(const std::string& name) {
  return fs::path(LONGHAUL_TEST_PLUGINS) / ("test_plugin_" + name + ".so");
}

Registry builtins() {
  Registry registry;
  register_builtins(registry);
  return registry;
}

// What load_plugin says about a file; it must leave the registry as it was.
std::string refusal(const fs::path& file) {
  Registry registry = builtins();
  const std::size_t before = registry.models().size();
  try {
    load_plugin(file, registry);
  } catch (const Error& error) {
    CHECK(registry.models().size() == before);
    return error.what();
  }
  return "";
}

// Writes a suite with a plugin's model, a built-in one and the plugin's task, and loads it.
Suite load(const fs::path& folder, Registry& registry, const std::string& plugins) {
  std::ofstream(folder / "s.yaml") << "suite: s\nseeds: [0]\nbudget: {steps: 2}\n"
                                      "defaults: {d_model: 16}\nplugins: "
                                   << plugins << "\nmodels: [gain, lru]\ntasks: [last, listops]\n";
  return load_suite(folder / "s.yaml", registry);
}

}  // namespace

TEST_CASE("plugin: its models and tasks are registered with its path as their origin", "[plugin]") {
  Registry registry = builtins();
  load_plugin(plugin("good"), registry);
  CHECK(registry.model("gain").origin == plugin("good"));
  CHECK(registry.task("last").origin == plugin("good"));
  CHECK(registry.model("lru").origin == "builtin");
  CHECK_NOTHROW(load_plugin(plugin("good"), registry));  // once more does nothing
  CHECK(loaded_plugins(registry) == std::vector<std::string>{plugin("good")});
}

TEST_CASE("plugin: what cannot be loaded says why", "[plugin]") {
  CHECK_THAT(refusal("/no/such.so"), StartsWith("plugin /no/such.so: cannot be loaded: "));
  CHECK_THAT(refusal(plugin("bare")),
             Contains("is not a longhaul plugin: it has no LONGHAUL_PLUGIN(...) block"));
  CHECK_THAT(refusal(plugin("empty")),
             Contains("registers nothing: no model, task, loss, optimizer or metric"));
  const TemporaryFolder folder;
  std::ofstream(folder.path / "text.so") << "no shared object\n";
  CHECK_THAT(refusal(folder.path / "text.so"), Contains("cannot be loaded: "));
}

TEST_CASE("plugin: one for another release or compiler is refused before it runs", "[plugin]") {
  const std::string own = "', this longhaul is '" + plugin_abi() + "'; rebuild the plugin";
  CHECK_THAT(refusal(plugin("other_release")),
             Contains("was built for 'longhaul 0.0 GNU 12 c++20 cxx11abi=1" + own));
  CHECK_THAT(refusal(plugin("other_compiler")),
             Contains("was built for 'longhaul 0.1 Clang 3 c++20 cxx11abi=1" + own));
}

TEST_CASE("plugin: one built against other public headers is refused, and told so", "[plugin]") {
  CHECK_THAT(refusal(plugin("other_headers")),
             Contains(" headers 0123456789abcdef', this longhaul is '" + plugin_abi() +
                      "' with other public headers; rebuild the plugin"));
}

TEST_CASE("plugin: a name that is taken names both origins", "[plugin]") {
  const std::string path = plugin("duplicate");
  CHECK(refusal(path) ==
        "plugin " + path + ": model 'lru' from " + path + " is already registered from builtin");
}

TEST_CASE("plugin: it is looked for as given, beside the suite and in LONGHAUL_PLUGIN_PATH",
          "[plugin]") {
  const TemporaryFolder suite, listed;
  std::ofstream(suite.path / "beside.so") << "x";
  std::ofstream(listed.path / "listed.so") << "x";
  setenv("LONGHAUL_PLUGIN_PATH", ("/no/such/folder:" + listed.path.string()).c_str(), 1);
  CHECK(find_plugin((suite.path / "beside.so").string()) ==
        fs::canonical(suite.path / "beside.so"));
  CHECK(find_plugin("beside.so", suite.path) == fs::canonical(suite.path / "beside.so"));
  CHECK(find_plugin("listed.so", suite.path) == fs::canonical(listed.path / "listed.so"));
  std::string message;
  try {
    find_plugin("missing.so", suite.path);
  } catch (const Error& error) {
    message = error.what();
  }
  unsetenv("LONGHAUL_PLUGIN_PATH");
  CHECK(message == "plugin missing.so: no such file; looked for missing.so, " +
                       (suite.path / "missing.so").string() + ", /no/such/folder/missing.so, " +
                       (listed.path / "missing.so").string());
}

TEST_CASE("plugin: a suite's trials name the plugins that they need, and no others", "[plugin]") {
  const TemporaryFolder folder;
  Registry registry = builtins();
  const Suite suite = load(folder.path, registry, "[" + plugin("good").string() + "]");
  for (const TrialSpec& spec : grid(suite, registry)) {
    INFO(spec.model << " on " << spec.task);
    const bool needed = spec.model == "gain" || spec.task == "last";
    REQUIRE(spec.plugins.size() == (needed ? 1 : 0));
    if (needed) CHECK(spec.plugins[0].path == plugin("good"));
    Registry anew = builtins();
    load_plugins(spec.plugins, anew);
    CHECK(anew.models().count("gain") == needed);
  }

  std::ofstream(folder.path / "again.yaml") << to_yaml(suite);
  Registry other = builtins();
  const Suite again = load_suite(folder.path / "again.yaml", other);
  CHECK(to_yaml(again) == to_yaml(suite));
}

TEST_CASE("plugin: a suite's bad entries are problems with their line", "[plugin]") {
  const TemporaryFolder folder;
  Registry registry = builtins();
  std::string message;
  try {
    load(folder.path, registry, "[missing.so, {a: 1}]");
  } catch (const Error& error) {
    message = error.what();
  }
  CHECK_THAT(message, Contains("s.yaml:5: plugins: plugin missing.so: no such file"));
  CHECK_THAT(message,
             Contains("s.yaml:5: plugins: expected the path of a shared object, found a map"));
}

TEST_CASE("plugin: a trial does not run with a plugin that was rebuilt since", "[plugin]") {
  const TemporaryFolder folder;
  const fs::path copy = folder.path / "copy.so";
  fs::copy_file(plugin("good"), copy);
  Registry registry = builtins();
  const Suite suite = load(folder.path, registry, "[" + copy.string() + "]");
  const TrialSpec spec = grid(suite, registry).front();
  const std::string id = spec.id();
  fs::rename(copy, folder.path / "moved.so");  // the loaded file itself must stay as it is
  fs::copy_file(plugin("empty"), copy);
  Registry anew = builtins();
  CHECK_THROWS_WITH(load_plugins(spec.plugins, anew),
                    Contains("has changed since the trial was planned"));
  CHECK(grid(suite, registry).front().id() != id);
}

TEST_CASE("plugin: a plugin that a checkpoint names is loaded only if that is allowed",
          "[plugin]") {
  const TemporaryFolder folder;
  Registry registry = builtins();
  Suite suite = load(folder.path, registry, "[" + plugin("good").string() + "]");
  const std::string out = (folder.path / "out").string();
  const std::string run = "run " + (folder.path / "s.yaml").string() + " --out " + out +
                          " --set models=[gain] --set tasks=[last] --set seeds=[0]";
  REQUIRE(longhaul_run(run).status == 0);
  suite.models.resize(1);
  suite.tasks.resize(1);
  const std::string trial = out + "/trials/" + grid(suite, registry).front().id();
  const std::string eval = "eval " + trial + "/checkpoint.safetensors -n 20 ";
  for (const std::string& allowed :
       {"--plugin " + plugin("good").string(), std::string("--trust-plugins")}) {
    const Outcome scored = longhaul_run(eval + allowed);
    CHECK(scored.status == 0);
    CHECK(has(scored.out, "model      gain"));
  }
  const std::string forward =
      "forward " + trial + "/checkpoint.safetensors --tokens README.md --out /dev/null";
  for (const std::string& command : {eval, forward}) {
    const Outcome refused = complaint(command);
    CHECK(refused.status == 2);
    CHECK(
        has(refused.out, "names the plugin " + plugin("good").string() + ", whose code would run"));
    CHECK(has(refused.out, "--trust-plugins"));
  }
}

TEST_CASE("plugin: whatever its constructor throws is an error that names the model", "[plugin]") {
  const std::string with = " --plugin " + plugin("good").string() + " ";
  const Outcome outcome = complaint("check throws_in_constructor" + with);
  CHECK(outcome.status == 2);
  CHECK(outcome.out == "longhaul: model 'throws_in_constructor' (" + plugin("good").string() +
                           "): its constructor throws: no such file\n");
}

TEST_CASE("plugin: check prints every promise and fails for a broken one", "[plugin]") {
  const std::string with = " --plugin " + plugin("good").string();
  const Outcome good = longhaul_run("check gain --set start=0.5" + with);
  CHECK(good.status == 0);
  CHECK(has(good.out, "ok      causal: step returns what forward does"));
  CHECK(has(good.out, "all 9 promises are kept"));

  const Outcome undeclared = longhaul_run("check undeclared" + with);
  CHECK(undeclared.status == 1);
  CHECK(has(undeclared.out, "BROKEN  causal: every tensor that is kept is declared"));
  CHECK(has(undeclared.out, "1 of 9 promises are broken"));

  const Outcome throws = longhaul_run("check throws_in_forward" + with);
  CHECK(throws.status == 1);
  CHECK(has(throws.out, "it throws: not written yet"));

  CHECK(longhaul_run("check last" + with).status == 0);
}

TEST_CASE("plugin: check names the promise at which a plugin ends the program", "[plugin]") {
  const std::string with = " --plugin " + plugin("good").string();
  const Outcome crash = longhaul_run("check crashes_in_forward" + with);
  CHECK(crash.status == 1);
  CHECK(has(crash.out, "CRASHED causal: gradients agree with finite differences"));
  CHECK(has(crash.out, "killed by SIGSEGV"));
  const Outcome exits = longhaul_run("check exits_in_step" + with);
  CHECK(exits.status == 1);
  CHECK(has(exits.out, "CRASHED causal: step returns what forward does"));
  CHECK(has(exits.out, "it ends the program: exit status 0"));
}

TEST_CASE("plugin: the commands that take names take plugins, and refuse with status 2",
          "[plugin]") {
  const std::string with = " --plugin " + plugin("good").string();
  CHECK(has(longhaul_run("list models" + with).out, "y = x .* gain (" + plugin("good").string()));
  CHECK(has(longhaul_run("show model gain" + with).out, "first value of the gains"));
  CHECK(longhaul_run("sample last -n 2" + with).status == 0);
  CHECK(longhaul_run("gradcheck gain" + with).status == 0);
  CHECK(complaint("check gain --plugin nowhere.so").status == 2);
  const Outcome unread = complaint("check gain --set strat=1" + with);
  CHECK(unread.status == 2);
  CHECK(unread.out ==
        "longhaul: gain: strat: unknown option; did you mean 'start'? known: start\n");
  CHECK(complaint("check gian" + with)
            .out.rfind("longhaul: no model or task 'gian'; did you mean 'gain'?", 0) == 0);
}

TEST_CASE("plugin: an exception that nobody expects is an internal error with a status of its own",
          "[plugin]") {
  const Outcome outcome =
      complaint("gradcheck throws_in_forward --plugin " + plugin("good").string());
  CHECK(outcome.status == 70);
  CHECK(has(outcome.out, "longhaul: internal error: not written yet\n"));
  CHECK(has(outcome.out, "Please report it"));
}

TEST_CASE("a plugin that ends the program as it is built costs its own rows of a suite",
          "[plugin]") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "suite.yaml";
  const auto suite = [&](const std::string& more) {
    std::ofstream(file) << "suite: s\nseeds: [0]\nbudget: {steps: 2}\n"
                        << "plugins: [" << plugin("good").string() << "]\n"
                        << "defaults: {test_examples: 10, validation_examples: 10, batch: 4}\n"
                        << "models:\n  - gain\n"
                        << "  - {name: crashes, model: ends_in_constructor}\n"
                        << "  - {name: exits, model: ends_in_constructor, how: exit}\n"
                        << "tasks: [{task: mqar, name: mqar, length: 16, pairs: 2}]\n"
                        << more;
    return longhaul_run("run " + file.string() + " --out " + (folder.path / "out").string() +
                        " 2>&1");
  };
  const Outcome run = suite("");
  INFO(run.out);
  CHECK(run.status == 1);
  CHECK_THAT(run.out, Contains("2 of 3 trials failed"));
  CHECK_THAT(run.out, Contains("killed by SIGSEGV"));
  const Outcome matched = suite("match: parameters\n");
  CHECK(matched.status == 2);
  CHECK_THAT(matched.out, Contains("building ends_in_constructor fails: killed by SIGSEGV"));
}

namespace {

// A suite of one model, a task of the tree and one of the plugin for each of `bad`: its options.
fs::path suite_with_bad_tasks(const fs::path& folder, const std::vector<std::string>& bad,
                              const std::string& more) {
  std::ofstream file(folder / "suite.yaml");
  file << "suite: s\nseeds: [0]\nbudget: {steps: 2}\n"
       << "plugins: [" << plugin("good").string() << "]\n"
       << "defaults: {d_model: 16, test_examples: 10, validation_examples: 10, batch: 4}\n"
       << "retry: {tries: 1}\n"
       << more << "tasks:\n  - {task: mqar, name: mqar, length: 16, pairs: 2}\n";
  for (std::size_t i = 0; i < bad.size(); ++i)
    file << "  - {task: ends_in_task, name: bad" << i << ", " << bad[i] << "}\n";
  return folder / "suite.yaml";
}

}  // namespace

TEST_CASE("a plugin's task that crashes, exits or throws in planning costs its own column",
          "[plugin]") {
  const TemporaryFolder folder;
  const std::string out = " --out " + (folder.path / "out").string() + " 2>&1";
  const std::vector<std::string> bad = {
      "where: constructor",
      "where: constructor, how: exit",
      "where: max_length",
      "where: constructor, how: system_error",
      "where: draw",
      "where: max_length, how: system_error",
      "where: draw, how: exit",
      "where: draw, how: system_error",
  };
  for (const std::string more : {"models: [lru]\n", "models: [lru, gla]\nmatch: flops\n",
                                 "models: [lru]\nevaluate: {lengths: [8]}\n"}) {
    const fs::path suite = suite_with_bad_tasks(folder.path, bad, more);
    const std::string trials = has(more, "match") ? "16 of 18" : "8 of 9";
    const Outcome run = longhaul_run("run " + suite.string() + out);
    INFO(more << run.out);
    CHECK(run.status == 1);
    CHECK_THAT(run.out, Contains(trials + " trials failed"));
    CHECK_THAT(run.out, Contains("killed by SIGSEGV"));
    CHECK_THAT(run.out, Contains("No space left on device"));
  }
}

TEST_CASE("a plugin's model that crashes as its size is measured is a problem of its entry",
          "[plugin]") {
  const TemporaryFolder folder;
  const fs::path suite = suite_with_bad_tasks(
      folder.path, {}, "match: flops\nmodels: [lru, crashes_in_forward, throws_in_forward]\n");
  const Outcome outcome = complaint("plan " + suite.string());
  INFO(outcome.out);
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.out, Contains("models.crashes_in_forward: match: "));
  CHECK_THAT(outcome.out, Contains("killed by SIGSEGV"));
  CHECK_THAT(outcome.out, Contains("models.throws_in_forward: match: "));
  CHECK_THAT(outcome.out, Contains("throws: not written yet"));
}

TEST_CASE("a plugin's task that never ends in planning is told of within a minute or so",
          "[plugin][slow]") {
  const TemporaryFolder folder;
  const fs::path suite =
      suite_with_bad_tasks(folder.path, {"where: max_length, how: hang"}, "models: [lru]\n");
  const Outcome outcome = complaint("plan " + suite.string());
  INFO(outcome.out);
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.out, Contains("asking ends_in_task has not come to an end after 60 s"));
}

TEST_CASE("sample of a plugin's task that crashes as it is built says so", "[plugin]") {
  const Outcome outcome = complaint("sample ends_in_task --plugin " + plugin("good").string());
  CHECK(outcome.status == 2);
  CHECK_THAT(outcome.out, Contains("building ends_in_task fails: killed by SIGSEGV"));
}
