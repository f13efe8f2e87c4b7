#include <fmt/core.h>

#include "core/hybrid.h"
#include "harness/check/task_conformance.h"
#include "harness/cli/command.h"
#include "harness/cli/crash_watch.h"
#include "harness/cli/plugin_option.h"
#include "harness/suite/assignments.h"
#include "longhaul/error.h"
#include "math/parallel.h"
#include "support/choices.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string name;
  std::vector<std::string> sets;
};

// Prints each promise with its result; returns how many are broken.
int print(const std::string& title, const std::string& origin,
          const std::vector<Promise>& promises) {
  fmt::print("{}, from {}\n", title, origin);
  int broken = 0;
  for (const Promise& promise : promises) {
    broken += !promise.violations.empty();
    fmt::print("  {:<7} {}\n", promise.violations.empty() ? "ok" : "BROKEN", promise.name);
    for (const std::string& violation : promise.violations) fmt::print("          {}\n", violation);
  }
  if (broken == 0)
    fmt::print("all {} promises are kept\n", promises.size());
  else
    fmt::print("{} of {} promises are broken\n", broken, promises.size());
  return broken;
}

[[noreturn]] void unknown(const std::string& name, const Registry& registry) {
  std::vector<std::string> names;
  for (const auto& [known, info] : registry.models()) names.push_back(known);
  for (const auto& [known, info] : registry.tasks()) names.push_back(known);
  refuse_name("model or task", name, names);
}

void check(const Arguments& arguments, CommandContext& context) {
  const Registry& registry = context.registry;
  const std::string& name = arguments.name;
  const OptionMap options = read_assignments(arguments.sets);
  const bool is_hybrid = mixers_of(name).size() > 1;
  const bool is_model = is_hybrid || registry.models().count(name),
             is_task = registry.tasks().count(name);
  if (!is_model && !is_task) unknown(name, registry);
  const CrashWatch watch("check of " + name);
  const auto begins = [&](const std::string& promise) { watch.begin(promise); };
  const FlushDenormals flush;
  int broken = 0;
  if (is_model) {
    const ModelInfo model = registry.model(name);
    broken += print("model " + name, model.origin, check_promises(model, options, begins));
  }
  if (is_task) {
    const TaskInfo& task = registry.task(name);
    broken += print("task " + name, task.origin, check_promises(task, options, 200, begins));
  }
  context.exit_status = broken == 0 ? 0 : 1;
}

}  // namespace

void add_check_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "check", "Whether a model or task keeps what it promises, each promise with its result");
  command
      .add("NAME", arguments->name,
           "A model or task, as longhaul list prints it, or a hybrid such as lru+transformer")
      .required();
  command.add("--set", arguments->sets, "OPTION=VALUE of the model or task").one_value_each();
  add_plugin_option(command, context);
  command.footer(
      "Exit status 1 if a promise is broken.\n"
      "Example: longhaul check --plugin build/my_model.so my_model");
  command.run([arguments, &context] { check(*arguments, context); });
}

}  // namespace longhaul
