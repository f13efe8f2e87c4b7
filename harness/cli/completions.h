#pragma once

#include <string>

#include "harness/cli/command_tree.h"

namespace longhaul {

// A file that completes longhaul's commands, options and their words in a shell, and names of
// models and suites, for which it asks the program. `shell` is bash, zsh or fish.
std::string completions(const ProgramInfo& program, const std::string& shell);

// longhaul(1) in the format of man: all commands with their options.
std::string manual_page(const ProgramInfo& program, const std::string& version);

}  // namespace longhaul
