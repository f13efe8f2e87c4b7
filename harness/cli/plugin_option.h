#pragma once

#include <string>

#include "harness/cli/command.h"
#include "harness/settings/trial_spec.h"

namespace longhaul {

// --plugin FILE, for commands that take names of models or tasks: loaded before the names are used.
void add_plugin_option(Command command, CommandContext& context);
// Of --trust-plugins, for commands that read a checkpoint.
constexpr const char* kTrustHelp =
    "Load the plugins that the checkpoint names: they run their code";
// Loads what a checkpoint's model and task come from, unless --plugin brought it. A plugin is code,
// and a checkpoint may come from anybody: without `trust` it is an Error that names the plugin.
// Returns the spec that the checkpoint holds.
TrialSpec load_plugins_of(const std::string& checkpoint, bool trust, CommandContext& context);

}  // namespace longhaul
