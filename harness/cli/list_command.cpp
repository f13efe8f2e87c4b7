#include <fmt/core.h>

#include <fstream>

#include "harness/cli/command.h"
#include "harness/cli/describe.h"
#include "harness/suite/suite.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

using nlohmann::json;

// The first comment of a suite file, the editor's line aside.
std::string about_suite(const std::filesystem::path& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line) && line.rfind("# ", 0) == 0;)
    if (line.find("yaml-language-server") == std::string::npos) return line.substr(2);
  return "";
}

json list_suites() {
  json suites = json::array();
  std::set<std::string> seen;  // a suite of the current directory hides an installed one
  for (const std::filesystem::path& folder : suite_folders()) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".yaml") files.insert(entry.path());
    for (const std::filesystem::path& file : files)
      if (seen.insert(file.stem()).second)
        suites.push_back(
            {{"name", file.stem()}, {"about", about_suite(file)}, {"path", file.string()}});
  }
  return suites;
}

json list(const std::string& kind, const Registry& registry) {
  json entries = json::array();
  if (kind == "models")
    for (const auto& [name, info] : registry.models()) entries.push_back(describe(info));
  else if (kind == "tasks")
    for (const auto& [name, info] : registry.tasks()) entries.push_back(describe(info));
  else if (kind == "suites")
    entries = list_suites();
  else
    throw Error(text("list: found '", kind, "', allowed: models | tasks | suites"));
  return entries;
}

// Where an entry comes from, if it is a plugin's.
std::string origin(const json& entry) {
  const std::string from = entry.value("origin", "builtin");
  return from == "builtin" ? "" : " (" + from + ")";
}

void print(const json& entries) {
  std::size_t width = 0;
  for (const json& entry : entries)
    width = std::max(width, entry["name"].get_ref<const std::string&>().size());
  for (const json& entry : entries)
    fmt::print("{:<{}}  {}{}\n", entry["name"].get<std::string>(), width,
               entry["about"].get<std::string>(), origin(entry));
}

}  // namespace

void add_list_command(CLI::App& app, CommandContext& context) {
  struct Arguments {
    std::string kind;
    bool as_json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("list", "Names of models, tasks or suites, a line each");
  command->add_option("KIND", arguments->kind, "models | tasks | suites")->required();
  command->add_flag("--json", arguments->as_json, "Print JSON");
  add_plugin_option(*command, context);
  command->footer("Example: longhaul list models");
  command->callback([arguments, &context] {
    const json entries = list(arguments->kind, context.registry);
    if (arguments->as_json)
      fmt::print("{}\n", entries.dump(2));
    else
      print(entries);
  });
}

}  // namespace longhaul
