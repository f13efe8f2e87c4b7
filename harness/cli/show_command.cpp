#include <fmt/core.h>

#include "harness/cli/command.h"
#include "harness/cli/describe.h"
#include "harness/suite/check.h"
#include "harness/train/examples.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr int64_t kMaxLength = 1024;  // that a model is built for to ask for its options

json options_of(const std::vector<OptionInfo>& declared) {
  json options = json::array();
  for (const OptionInfo& option : declared) options.push_back(describe(option));
  return options;
}

json settings() {
  Options options;
  read_settings(options);
  return options_of(options.declared());
}

json show_model(const ModelInfo& info) {
  json shown = describe(info);
  shown["options"] = options_of(check_model(info, {}, kMaxLength, {}).declared);
  shown["settings"] = settings();
  return shown;
}

json show_task(const TaskInfo& info) {
  json shown = describe(info);
  const TaskCheck check = check_task(info, {});
  require(check.failure.empty(), "task ", info.name,
          ": its own defaults are refused: ", check.failure);
  shown["options"] = options_of(check.declared);
  shown["settings"] = settings();
  if (!check.ok()) {  // it reads files, and has no default for where they are
    for (const OptionProblem& problem : check.problems)
      shown["needs"].push_back(problem.key + ": " + problem.message);
    return shown;
  }
  const Task& task = *check.task;
  const Example first = example(task, Split::train, 0, 0);
  shown["version"] = task.version();
  shown["vocabulary"] = task.vocab();
  shown["classes"] = task.classes();
  shown["max_length"] = task.max_length();
  constexpr const char* kReadouts[] = {"sequence", "pair", "token"};
  shown["readout"] = kReadouts[static_cast<int>(task.readout())];
  shown["example"] = {
      {"text", task.show(first)}, {"tokens", first.tokens}, {"targets", first.targets}};
  return shown;
}

std::string plain(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

void print_options(const char* title, const json& options) {
  fmt::print("\n{}\n", title);
  if (options.empty()) fmt::print("  (none)\n");
  for (const json& option : options) {
    const std::string allowed = plain(option["allowed"]);
    fmt::print("  {:<20} {:<8} default {:<10} {}{}\n", plain(option["name"]), plain(option["type"]),
               plain(option["default"]), plain(option["meaning"]),
               allowed.empty() ? "" : " (" + allowed + ")");
  }
}

void print(const json& shown) {
  for (const char* key : {"name", "about", "source", "direction", "origin", "version", "vocabulary",
                          "classes", "max_length", "readout"})
    if (shown.contains(key)) fmt::print("{:<12} {}\n", key, plain(shown[key]));
  if (shown.contains("needs"))
    for (const json& need : shown["needs"]) fmt::print("needs        {}\n", plain(need));
  print_options("options", shown["options"]);
  print_options("settings that an entry of a suite may override", shown["settings"]);
  if (shown.contains("example")) fmt::print("\nexample\n{}", plain(shown["example"]["text"]));
}

}  // namespace

void add_show_command(CLI::App& app, CommandContext& context) {
  struct Arguments {
    std::string kind, name;
    bool as_json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("show", "Every option of a model or task, its source, an example");
  command->add_option("KIND", arguments->kind, "model | task")->required();
  command->add_option("NAME", arguments->name, "As longhaul list prints it")->required();
  command->add_flag("--json", arguments->as_json, "Print JSON");
  add_plugin_option(*command, context);
  command->footer("Example: longhaul show task listops");
  command->callback([arguments, &context] {
    const std::string& kind = arguments->kind;
    require(kind == "model" || kind == "task", "show: found '", kind, "', allowed: model | task");
    const json shown = kind == "model" ? show_model(context.registry.model(arguments->name))
                                       : show_task(context.registry.task(arguments->name));
    if (arguments->as_json)
      fmt::print("{}\n", shown.dump(2));
    else
      print(shown);
  });
}

}  // namespace longhaul
