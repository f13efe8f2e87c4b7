#pragma once

#include <CLI/CLI.hpp>

namespace longhaul {

class Registry;

// What every command shares: the names it may use, and the exit status it leaves
// (0 done, 1 some trials failed, 2 bad arguments or config, 3 environment fault).
struct CommandContext {
  Registry& registry;
  int exit_status = 0;
};

// A command is one file, NAME_command.cpp, whose add_NAME_command() adds the subcommand, its
// options and its callback; main.cpp has the list of them. Errors are thrown as longhaul::Error and
// printed once by main.

}  // namespace longhaul
