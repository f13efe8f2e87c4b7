#include "harness/cli/completions.h"

#include <fmt/format.h>

#include <algorithm>

#include "longhaul/error.h"

namespace longhaul {
namespace {

using Names = std::vector<std::string>;

std::string joined(const Names& names, const char* by = " ") {
  return fmt::format("{}", fmt::join(names, by));
}

Names options_of(const CommandInfo& command) {
  Names names;
  for (const ArgumentInfo& argument : command.arguments)
    if (!argument.is_positional)
      names.insert(names.end(), argument.names.begin(), argument.names.end());
  return names;
}

Names command_names(const ProgramInfo& program) {
  Names names;
  for (const CommandInfo& command : program.commands) names.push_back(command.name);
  return names;
}

// What the program lists for a command's first argument: "models", "suites", or nothing, where it
// is a file.
std::string listed(const CommandInfo& command) {
  for (const ArgumentInfo& argument : command.arguments)
    if (argument.is_positional)
      return argument.names[0] == "SUITE"      ? "suites"
             : argument.names[0] == "MODEL"    ? "models"
             : argument.names[0] == "TASK"     ? "tasks"
             : argument.names[0] == "NAME|all" ? "claims"
                                               : "";
  return "";
}

// For bash, and for zsh through bashcompinit.
std::string bash(const ProgramInfo& program) {
  std::string text =
      "# Completes longhaul, made by `longhaul completion bash`.\n"
      "_longhaul() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} "
      "command=${COMP_WORDS[1]} words=\"\"\n"
      "  COMPREPLY=()\n"
      "  if [ \"$COMP_CWORD\" = 1 ]; then\n";
  text += fmt::format("    COMPREPLY=($(compgen -W \"{} --help --version\" -- \"$word\"))\n",
                      joined(command_names(program)));
  text += "    return\n  fi\n  case $command:$before in\n";
  for (const CommandInfo& command : program.commands)
    for (const ArgumentInfo& argument : command.arguments)
      if (!argument.is_positional && !argument.allowed.empty())
        for (const std::string& name : argument.names)
          text += fmt::format("    {}:{}) words=\"{}\" ;;\n", command.name, name,
                              joined(argument.allowed));
  text += "    *) case $command:$word in\n";
  for (const CommandInfo& command : program.commands)
    text +=
        fmt::format("      {}:-*) words=\"{}\" ;;\n", command.name, joined(options_of(command)));
  text += fmt::format("      help:*) words=\"{}\" ;;\n", joined(command_names(program)));
  for (const CommandInfo& command : program.commands)
    if (const std::string kind = listed(command); !kind.empty())
      text += fmt::format(
          "      {}:*) words=\"$(longhaul list {} 2>/dev/null | sed '/^ /d; s/ .*//')\" ;;\n",
          command.name, kind);
  return text +
         "    esac ;;\n  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -o bashdefault -F _longhaul longhaul\n";
}

std::string zsh(const ProgramInfo& program) {
  return "#compdef longhaul\nautoload -U +X bashcompinit && bashcompinit\n" + bash(program);
}

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result + "'";
}

std::string fish(const ProgramInfo& program) {
  std::string text = "# Completes longhaul, made by `longhaul completion fish`.\n";
  for (const CommandInfo& command : program.commands) {
    text += fmt::format("complete -c longhaul -n __fish_use_subcommand -f -a {} -d {}\n",
                        command.name, quoted(command.about));
    const std::string here =
        fmt::format("complete -c longhaul -n '__fish_seen_subcommand_from {}'", command.name);
    for (const ArgumentInfo& argument : command.arguments) {
      if (argument.is_positional) continue;
      text += here;
      for (const std::string& name : argument.names)
        text += name[1] == '-' ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (argument.takes_value)
        text += argument.allowed.empty() ? " -r" : " -x -a " + quoted(joined(argument.allowed));
      text += " -d " + quoted(argument.help) + "\n";
    }
    if (const std::string kind = listed(command); !kind.empty())
      text += here + fmt::format(
                         " -a \"(longhaul list {} 2>/dev/null | string match -rg "
                         "'^([^ ]+) ')\"\n",
                         kind);
  }
  return text;
}

// As roff reads it: nothing is a request or an escape.
std::string roff(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts_line = i == 0 || text[i - 1] == '\n';
    if (starts_line && (text[i] == '.' || text[i] == '\'')) result += "\\&";
    if (text[i] == '\\')
      result += "\\e";
    else if (text[i] == '-')
      result += "\\-";
    else
      result += text[i];
  }
  return result;
}

std::string usage(const CommandInfo& command) {
  std::string line = command.name;
  for (const ArgumentInfo& argument : command.arguments)
    if (argument.is_positional) line += " " + argument.names[0];
  return line + " [OPTIONS]";
}

}  // namespace

std::string completions(const ProgramInfo& program, const std::string& shell) {
  if (shell == "bash") return bash(program);
  if (shell == "zsh") return zsh(program);
  if (shell == "fish") return fish(program);
  throw Error(text("completion: found '", shell, "', allowed: bash | zsh | fish"));
}

std::string manual_page(const ProgramInfo& program, const std::string& version) {
  std::string page = fmt::format(
      ".TH LONGHAUL 1 \"\" \"longhaul {}\" \"User Commands\"\n"
      ".SH NAME\nlonghaul \\- a benchmark of sequence models on long-sequence tasks\n"
      ".SH SYNOPSIS\n.B longhaul\nCOMMAND [OPTIONS]\n.SH DESCRIPTION\n{}\n.SH COMMANDS\n",
      version, roff(program.about));
  for (const CommandInfo& command : program.commands) {
    page += fmt::format(".SS {}\n{}\n", roff(usage(command)), roff(command.about));
    for (const ArgumentInfo& argument : command.arguments) {
      page +=
          fmt::format(".TP\n.B {}\n{}", roff(joined(argument.names, ", ")), roff(argument.help));
      if (!argument.allowed.empty())
        page += fmt::format("\nOne of: {}.", roff(joined(argument.allowed, ", ")));
      page += "\n";
    }
    if (!command.footer.empty()) page += fmt::format(".PP\n.nf\n{}\n.fi\n", roff(command.footer));
  }
  return page + fmt::format(".SH EXAMPLES AND EXIT STATUS\n.nf\n{}\n.fi\n", roff(program.footer));
}

}  // namespace longhaul
