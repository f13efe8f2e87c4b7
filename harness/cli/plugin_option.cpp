#include "harness/cli/plugin_option.h"

#include "core/plugin_loader.h"
#include "harness/model/stored_model.h"

namespace longhaul {

void add_plugin_option(Command command, CommandContext& context) {
  const auto load = [&context](const std::vector<std::string>& files) {
    for (const std::string& file : files) load_plugin(find_plugin(file), context.registry);
  };
  command
      .add("--plugin", load,
           "A shared object with models, tasks, losses, optimizers or\nmetrics; may be repeated")
      .one_value_each();
}

TrialSpec load_plugins_of(const std::string& checkpoint, bool trust, CommandContext& context) {
  Registry& registry = context.registry;
  TrialSpec spec = load_spec(checkpoint);
  if (registry.models().count(spec.model) && registry.tasks().count(spec.task)) return spec;
  for (const PluginFile& plugin : spec.plugins)
    require(trust, checkpoint, ": names the plugin ", plugin.path,
            ", whose code would run; give --plugin ", plugin.path,
            " or another FILE, or --trust-plugins for those that a checkpoint names");
  try {
    load_plugins(spec.plugins, registry);
  } catch (const Error& error) {
    throw Error(text(checkpoint, ": ", error.what(), "; --plugin FILE takes another in its place"));
  }
  return spec;
}

}  // namespace longhaul
