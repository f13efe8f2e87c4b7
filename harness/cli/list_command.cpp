#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "harness/cli/choice_table.h"
#include "harness/cli/command.h"
#include "harness/cli/describe.h"
#include "harness/cli/plugin_option.h"
#include "harness/cli/task_card.h"
#include "harness/suite/find_suite.h"
#include "harness/suite/suite.h"
#include "longhaul/error.h"
#include "support/exit_status.h"
#include "support/file.h"
#include "support/say.h"

namespace longhaul {
namespace {

using nlohmann::json;

constexpr const char* kDamaged = "damaged";  // in place of a verdict
constexpr int64_t kListPositions = 1 << 16;  // for baselines: all tasks together take seconds

// The first comment of a suite or claim file, the editor's line aside: its lines up to one that
// ends a sentence.
std::string about_file(const std::filesystem::path& file) {
  std::istringstream in(read_file(file));
  std::string about;
  for (std::string line; std::getline(in, line) && line.rfind("# ", 0) == 0;) {
    if (line.find("yaml-language-server") != std::string::npos) continue;
    about += (about.empty() ? "" : " ") + line.substr(2);
    if (about.back() == '.') break;
  }
  return about;
}

json list_suites() {
  json suites = json::array();
  for (const auto& [name, file] : shipped_files("suites"))
    suites.push_back({{"name", name}, {"about", about_file(file)}, {"path", file.string()}});
  return suites;
}

// A damaged verdict is one claim's alone.
std::string verdict_word(const std::filesystem::path& file, const std::string& name) {
  try {
    const std::optional<VerdictSummary> verdict =
        read_verdict(std::filesystem::path("results") / "claims" / name);
    const bool is_current = verdict && verdict->rule_hash == rule_hash(file);
    return is_current ? to_string(verdict->answer) : "-";
  } catch (const Error& error) {
    say("{}\n", error.what());
    return kDamaged;
  }
}

// With the verdict in results/claims, where there is one of the file as it is.
json list_claims() {
  json claims = json::array();
  for (const auto& [name, file] : shipped_files("claims")) {
    claims.push_back({{"name", name},
                      {"about", about_file(file)},
                      {"path", file.string()},
                      {"verdict", verdict_word(file, name)}});
  }
  return claims;
}

// `others`: what else the command may list.
const ChoiceTable& table_of(const std::string& kind, const char* others = "") {
  std::string allowed = others;
  for (const ChoiceTable& table : choice_tables()) {
    if (table.plural == kind) return table;
    allowed += (allowed.empty() ? "" : " | ") + table.plural;
  }
  throw Error(text("list: found '", kind, "', allowed: ", allowed));
}

json list(const std::string& kind, const Registry& registry) {
  json entries = json::array();
  if (kind == "models")
    for (const auto& [name, info] : registry.models()) entries.push_back(describe(info));
  else if (kind == "tasks")
    for (const auto& [name, info] : registry.tasks()) {
      entries.push_back(describe(info));
      entries.back()["baselines"] = quick_baselines(info, kListPositions);
    }
  else if (kind == "suites")
    entries = list_suites();
  else if (kind == "claims")
    entries = list_claims();
  else
    entries = table_of(kind, "models | tasks | suites | claims").entries(registry);
  return entries;
}

// `list lru`: the lines about what is called so, wherever they stand; empty if nothing is.
json named(const std::string& name, const Registry& registry) {
  std::vector<std::string> kinds = {"models", "tasks", "suites", "claims"};
  for (const ChoiceTable& table : choice_tables()) kinds.push_back(table.plural);
  json entries = json::array();
  for (const std::string& kind : kinds) {
    if (kind == "tasks" && !registry.tasks().count(name)) continue;  // baselines take seconds
    for (const json& entry : list(kind, registry))
      if (entry["name"] == name) entries.push_back(entry);
  }
  return entries;
}

bool is_kind(const std::string& word) {
  for (const char* kind : {"models", "tasks", "suites", "claims"})
    if (word == kind) return true;
  for (const ChoiceTable& table : choice_tables())
    if (word == table.plural) return true;
  return false;
}

// Where an entry comes from, if it is a plugin's.
std::string origin(const json& entry) {
  const std::string from = entry.value("origin", "builtin");
  return from == "builtin" ? "" : " (" + from + ")";
}

// Rough baselines, and on how few examples they were seen.
std::string baseline_columns(const json& baselines) {
  if (baselines.is_null()) return fmt::format("{:>6}  {:>8}  {:>7}  {:>8}  ", "-", "-", "-", "-");
  const auto percent = [&](const char* name) { return 100 * baselines[name].get<double>(); };
  return fmt::format("{:>5.0f}%  {:>7.0f}%  {:>6.0f}%  {:>8}  ", percent("chance"),
                     percent("majority"), percent("shallow"), baselines["examples"].get<int64_t>());
}

void print(const json& entries) {
  std::size_t width = 0;
  for (const json& entry : entries)
    width = std::max(width, entry["name"].get_ref<const std::string&>().size());
  const bool tasks = !entries.empty() && entries[0].contains("baselines");
  if (tasks) fmt::print("{:<{}}  chance  majority  shallow  examples\n", "", width);
  for (const json& entry : entries) {
    fmt::print("{:<{}}  ", entry["name"].get<std::string>(), width);
    if (tasks) fmt::print("{}", baseline_columns(entry["baselines"]));
    if (entry.contains("verdict")) fmt::print("{:<12}  ", entry["verdict"].get<std::string>());
    fmt::print("{}{}\n", entry["about"].get<std::string>(), origin(entry));
  }
}

}  // namespace

void add_list_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string kind;
    bool as_json = false, as_markdown = false;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command =
      program.add("list",
                  "Names of models, tasks, suites, claims or of what a suite may choose,\n"
                  "a line each; of tasks also rough baselines, of claims the verdict");
  command
      .add("KIND", arguments->kind,
           "models | tasks | suites | claims, or settings | losses | optimizers |\n"
           "metrics | schedules | pretraining | diagnostics | csv")
      .required();
  command.flag("--json", arguments->as_json, "Print JSON");
  command.flag("--markdown", arguments->as_markdown,
               "Print a table of Markdown (not of models, tasks, suites, claims)");
  add_plugin_option(command, context);
  command.footer("Example: longhaul list models");
  command.run([arguments, &context] {
    if (arguments->as_markdown) {
      const ChoiceTable& table = table_of(arguments->kind);
      fmt::print("{}", to_markdown(table.headings, table.entries(context.registry)));
      return;
    }
    json entries;
    if (!is_kind(arguments->kind)) entries = named(arguments->kind, context.registry);
    if (entries.empty()) entries = list(arguments->kind, context.registry);
    if (arguments->as_json)
      fmt::print("{}\n", entries.dump(2));
    else
      print(entries);
    for (const json& entry : entries)
      if (entry.value("verdict", "") == kDamaged) context.exit_status = kSomeFailed;
  });
}

}  // namespace longhaul
