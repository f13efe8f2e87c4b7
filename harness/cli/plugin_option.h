#pragma once

#include <string>

#include "harness/cli/command.h"

namespace longhaul {

// --plugin FILE, for commands that take names of models or tasks: loaded before the names are used.
void add_plugin_option(Command command, CommandContext& context);
// Loads what a checkpoint's model and task come from, unless --plugin brought it.
void load_plugins_of(const std::string& checkpoint, CommandContext& context);

}  // namespace longhaul
