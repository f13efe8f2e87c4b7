#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cli/command.h"
#include "harness/cli/describe.h"
#include "harness/cli/plugin_option.h"
#include "harness/cli/task_card.h"
#include "harness/settings/option_check.h"
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

json show_task(const TaskInfo& info) {
  json shown = task_card(info);
  shown["settings"] = settings();
  return shown;
}

json show_model(const ModelInfo& info) {
  json shown = describe(info);
  shown["options"] = options_of(check_model(info, {}, kMaxLength, {}).declared);
  shown["settings"] = settings();
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

// "key  value"; further lines of the value stand below its first.
void print_field(const char* key, const json& value) {
  std::istringstream lines(plain(value));
  for (std::string line; std::getline(lines, line); key = "") fmt::print("{:<12} {}\n", key, line);
}

void print_baselines(const json& baselines) {
  fmt::print("\nbaselines, on {} test examples with the defaults\n",
             baselines["examples"].get<int64_t>());
  for (const char* name : {"chance", "majority", "shallow"})
    fmt::print("  {:<8} {:5.1f}%\n", name, 100 * baselines[name].get<double>());
}

void print(const json& shown) {
  for (const char* key : {"name", "about", "source", "published", "direction", "origin", "needs",
                          "version", "vocabulary", "channels", "classes", "max_length", "readout"})
    if (shown.contains(key)) print_field(key, shown[key]);
  print_options("options", shown["options"]);
  print_options("settings that an entry of a suite may override", shown["settings"]);
  if (shown.contains("baselines")) print_baselines(shown["baselines"]);
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
      app.add_subcommand("show",
                         "Every option of a model or task, its source; of a task also\n"
                         "an example, baselines and published figures");
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
