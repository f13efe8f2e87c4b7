#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/cli/choice_table.h"
#include "harness/cli/command.h"
#include "harness/cli/describe.h"
#include "harness/cli/plugin_option.h"
#include "harness/cli/task_card.h"
#include "harness/settings/option_check.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMaxLength = 1024;  // that a model is built for to ask for its options

json options_of(const std::vector<OptionInfo>& declared) {
  json options = json::array();
  for (const OptionInfo& option : declared) options.push_back(describe(option));
  return options;
}

json settings(const Registry& registry) {
  Options options;
  read_settings(options, {}, registry);
  return options_of(options.declared());
}

json show_task(const TaskInfo& info, const Registry& registry) {
  json shown = task_card(info);
  shown["settings"] = settings(registry);
  return shown;
}

json show_model(const ModelInfo& info, const Registry& registry) {
  json shown = describe(info);
  shown["options"] = options_of(check_model(info, {}, kMaxLength, {}).declared);
  shown["settings"] = settings(registry);
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

// A row of one of the tables of choices; of a CSV file with its columns.
ordered_json show_choice(const ChoiceTable& table, const std::string& name,
                         const Registry& registry) {
  std::vector<std::string> known;
  for (const ordered_json& entry : table.entries(registry)) {
    known.push_back(entry.at("name"));
    if (known.back() != name) continue;
    ordered_json shown = entry;
    if (table.singular == "csv") shown["columns"] = csv_column_entries(name);
    return shown;
  }
  refuse_name(table.singular, name, known);
}

void print(const ordered_json& shown) {
  for (const auto& [key, value] : shown.items())
    if (key != "columns") print_field(key.c_str(), value);
  if (!shown.contains("columns")) return;
  fmt::print("\ncolumns\n");
  for (const ordered_json& column : shown["columns"])
    fmt::print("  {:<26} {}\n", plain(column["name"]), plain(column["about"]));
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

struct Arguments {
  std::string kind, name;
  bool as_json = false, as_markdown = false;
};

template <class Shown>
void print(const Shown& shown, bool as_json) {
  if (as_json)
    fmt::print("{}\n", shown.dump(2));
  else
    print(shown);
}

// The kinds of which there is one of that name.
std::vector<std::string> kinds_of(const std::string& name, const Registry& registry) {
  std::vector<std::string> kinds;
  if (registry.models().count(name)) kinds.push_back("model");
  if (registry.tasks().count(name)) kinds.push_back("task");
  for (const ChoiceTable& table : choice_tables())
    for (const ordered_json& entry : table.entries(registry))
      if (entry.at("name") == name) kinds.push_back(table.singular);
  return kinds;
}

// `show lru` is `show model lru`.
Arguments with_kind(Arguments arguments, const Registry& registry) {
  if (!arguments.name.empty()) return arguments;
  bool is_kind = arguments.kind == "model" || arguments.kind == "task";
  for (const ChoiceTable& table : choice_tables()) is_kind |= arguments.kind == table.singular;
  arguments.name = arguments.kind;
  require(!is_kind || !kinds_of(arguments.name, registry).empty(),
          "show: NAME is required; see longhaul show --help");
  const std::vector<std::string> kinds = kinds_of(arguments.name, registry);
  if (kinds.empty()) {
    std::vector<std::string> known;
    for (const auto& [name, info] : registry.models()) known.push_back(name);
    for (const auto& [name, info] : registry.tasks()) known.push_back(name);
    throw Error(text("show: no model, task or choice is called '", arguments.name, "'",
                     did_you_mean(arguments.name, known)));
  }
  require(kinds.size() == 1, "show: '", arguments.name, "' is a ",
          fmt::format("{}", fmt::join(kinds, " and a ")), "; say which: show ", kinds.front(), " ",
          arguments.name);
  arguments.kind = kinds.front();
  return arguments;
}

void show(const Arguments& asked, const Registry& registry) {
  const auto [kind, name, as_json, as_markdown] = with_kind(asked, registry);
  require(!as_markdown || kind == "csv", "show: --markdown is for csv alone");
  if (kind == "model") return print(show_model(registry.model(name), registry), as_json);
  if (kind == "task") return print(show_task(registry.task(name), registry), as_json);
  std::string allowed = "model | task";
  for (const ChoiceTable& table : choice_tables()) {
    allowed += " | " + table.singular;
    if (table.singular != kind) continue;
    if (as_markdown)
      fmt::print("{}", csv_markdown(name));
    else
      print(show_choice(table, name, registry), as_json);
    return;
  }
  throw Error(text("show: found '", kind, "', allowed: ", allowed));
}

}  // namespace

void add_show_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("show",
                                "Every option of a model or task, its source; of a task also\n"
                                "an example, baselines and published figures; or what a choice\n"
                                "of a suite means, and the columns of a CSV file");
  command
      .add("KIND", arguments->kind,
           "model | task, or setting | loss | optimizer | metric | pretraining |\n"
           "schedule | diagnostic | csv; it may be left out where the name says it")
      .required();
  command.add("NAME", arguments->name, "As longhaul list prints it");
  command.flag("--json", arguments->as_json, "Print JSON");
  command.flag("--markdown", arguments->as_markdown,
               "Print the columns of a CSV file as a table of Markdown");
  add_plugin_option(command, context);
  command.footer("Example: longhaul show listops");
  command.run([arguments, &context] { show(*arguments, context.registry); });
}

}  // namespace longhaul
