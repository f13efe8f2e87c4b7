#include "harness/cli/complaint.h"

#include "longhaul/error.h"
#include "longhaul/options.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

}  // namespace

std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
  const std::string where = command == &app ? "" : command->get_name() + ": ";
  const std::string help =
      text("see longhaul ", command == &app ? "" : command->get_name() + " ", "--help");
  const std::vector<std::string> unexpected = app.remaining(true);
  const bool is_unexpected = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  if (!is_unexpected || unexpected.empty()) return text(where, error.what(), "; ", help);

  const std::string& word = unexpected.front();
  const bool is_flag = word.rfind('-', 0) == 0;
  const std::string near =
      did_you_mean(word, is_flag ? flag_names(*command) : command_names(*command));
  const char* kind = is_flag ? "option" : command == &app ? "command" : "argument";
  return text(where, "unknown ", kind, " '", word, "'", near.empty() ? ";" : near, " ", help);
}

}  // namespace longhaul
