#include "harness/cli/command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <type_traits>

#include "longhaul/error.h"
#include "support/number_text.h"
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

// What is wrong with the arguments, in one line that names the nearest valid command or option.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
  const std::string where = command == &app ? "" : command->get_name() + ": ";
  const std::string help =
      text("see longhaul ", command == &app ? "" : command->get_name() + " ", "--help");
  const std::vector<std::string> unexpected = app.remaining(true);
  const bool is_unexpected = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  // A misspelt option may be why another argument is missing.
  const auto flag = std::find_if(unexpected.begin(), unexpected.end(), [](const std::string& word) {
    return word.size() > 1 && word[0] == '-';
  });
  if (flag == unexpected.end() && (!is_unexpected || unexpected.empty()))
    return text(where, error.what(), "; ", help);

  const std::string& word = flag == unexpected.end() ? unexpected.front() : *flag;
  const bool is_flag = word.rfind('-', 0) == 0;
  const std::string near =
      did_you_mean(word, is_flag ? flag_names(*command) : command_names(*command));
  const char* kind = is_flag ? "option" : command == &app ? "command" : "argument";
  return text(where, "unknown ", kind, " '", word, "'", near.empty() ? ";" : near, " ", help);
}

// Reads a number as suite files do, and leaves it as CLI11 reads the same: 010 is ten, not eight,
// and what is too large is refused, not cut to the largest.
template <class Number>
std::string take_number(std::string& word) {
  Number number{};
  const bool has_plus = word.starts_with('+') && !word.starts_with("+-");
  const bool is_read = read_number(std::string_view(word).substr(has_plus), number);
  if constexpr (std::is_floating_point_v<Number>) {
    if (is_read && std::isfinite(number)) return "";
    return text("found '", word, "', allowed: a number");
  } else {
    if (is_read) word = std::to_string(number);
    using Limits = std::numeric_limits<Number>;
    return is_read ? ""
                   : text("found '", word, "', allowed: a whole number, ", Limits::min(), " .. ",
                          Limits::max());
  }
}

template <class Number>
Argument add_number(CLI::App& app, const std::string& names, Number& value,
                    const std::string& help) {
  return Argument(
      app.add_option(names, value, help)->transform(CLI::Validator(take_number<Number>, "")));
}

// One for what take_number() has read.
CLI::Validator allowed(const std::string& values, bool (*is_allowed)(double),
                       const std::string& shown) {
  return CLI::Validator(
      [=](std::string& word) {
        double number = 0;
        const bool has_plus = word.starts_with('+');
        return read_number(std::string_view(word).substr(has_plus), number) && is_allowed(number)
                   ? ""
                   : text("found ", word, ", allowed: ", values);
      },
      shown);
}

}  // namespace

Argument& Argument::required() {
  option_->required();
  return *this;
}

Argument& Argument::show_default() {
  option_->capture_default_str();
  return *this;
}

Argument& Argument::range(int lowest, int highest) {
  option_->check(CLI::Range(lowest, highest));
  return *this;
}

Argument& Argument::not_negative() {
  option_->check(allowed(
      "at least 0", [](double x) { return x >= 0; }, "NONNEGATIVE"));
  return *this;
}

Argument& Argument::positive() {
  option_->check(allowed(
      "above 0", [](double x) { return x > 0; }, "POSITIVE"));
  return *this;
}

Argument& Argument::one_of(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}

Argument& Argument::existing_file() {
  option_->check(CLI::ExistingFile);
  return *this;
}

Argument& Argument::one_value_each() {
  option_->allow_extra_args(false);
  return *this;
}

Argument& Argument::may_be_repeated() {
  option_->take_all()->expected(1);
  return *this;
}

Argument& Argument::by_commas() {
  option_->take_all()->expected(1)->delimiter(',')->type_name("A,B,...");
  return *this;
}

Argument Command::add(const std::string& names, std::string& value, const std::string& help) {
  return Argument(app_->add_option(names, value, help));
}

Argument Command::add(const std::string& names, std::vector<std::string>& value,
                      const std::string& help) {
  return Argument(app_->add_option(names, value, help));
}

Argument Command::add(const std::string& names, int& value, const std::string& help) {
  return add_number(*app_, names, value, help);
}

Argument Command::add(const std::string& names, int64_t& value, const std::string& help) {
  return add_number(*app_, names, value, help);
}

Argument Command::add(const std::string& names, double& value, const std::string& help) {
  return add_number(*app_, names, value, help);
}

Argument Command::add(const std::string& names, uint64_t& value, const std::string& help) {
  return add_number(*app_, names, value, help);
}

Argument Command::add(const std::string& names,
                      const std::function<void(const std::vector<std::string>&)>& take,
                      const std::string& help) {
  return Argument(app_->add_option_function(names, take, help));
}

void Command::flag(const std::string& names, bool& value, const std::string& help) {
  app_->add_flag(names, value, help);
}

void Command::footer(const std::string& text) { app_->footer(text); }

void Command::run(std::function<void()> work) { app_->callback(std::move(work)); }

Program::Program(const std::string& about, const std::string& version, const std::string& footer)
    : app_(std::make_unique<CLI::App>(about, "longhaul")) {
  app_->require_subcommand(0, 1);
  app_->set_version_flag("--version", version);
  app_->get_formatter()->column_width(28);
  app_->footer(footer);
  app_->add_subcommand("help", "How to use a command: longhaul help run");
}

Program::~Program() = default;

Command Program::add(const std::string& name, const std::string& about) {
  return Command(app_->add_subcommand(name, about));
}

namespace {

// "{text,csv}" among what CLI11 says of an option's rules.
std::vector<std::string> allowed_words(const CLI::Option& option) {
  const std::string rules = option.get_type_name();
  const std::size_t begin = rules.find('{'), end = rules.find('}', begin);
  std::vector<std::string> words;
  if (begin == std::string::npos || end == std::string::npos) return words;
  for (std::size_t at = begin + 1; at < end;) {
    const std::size_t next = std::min(rules.find(',', at), end);
    words.push_back(rules.substr(at, next - at));
    at = next + 1;
  }
  return words;
}

ArgumentInfo info_of(const CLI::Option& option) {
  ArgumentInfo info;
  info.is_positional = option.get_positional();
  if (info.is_positional) info.names.push_back(option.get_name(true));
  for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  info.help = option.get_description();
  info.allowed = allowed_words(option);
  info.takes_value = option.get_expected_max() > 0;
  return info;
}

}  // namespace

ProgramInfo Program::info() const {
  ProgramInfo program{app_->get_description(), app_->get_footer(), {}};
  for (const CLI::App* command : app_->get_subcommands({})) {
    const std::string footer = command->get_footer();
    CommandInfo& info = program.commands.emplace_back(
        CommandInfo{command->get_name(), command->get_description(), "", {}});
    if (footer != program.footer) info.footer = footer;  // it is handed down where there is none
    for (const CLI::Option* option : command->get_options())
      info.arguments.push_back(info_of(*option));
  }
  return program;
}

void Program::run(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words[0] == "help") {  // help run is run --help
    words.erase(words.begin());
    if (words.size() > 1) words.resize(1);
    words.push_back("--help");
  }
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  try {
    app_->parse(words);
  } catch (const CLI::Success& asked) {  // --help and --version
    app_->exit(asked);
    return;
  } catch (const CLI::ParseError& error) {
    throw Error(complaint(*app_, error));
  }
  if (app_->get_subcommands().empty()) std::fputs(app_->help().c_str(), stdout);
}

}  // namespace longhaul
