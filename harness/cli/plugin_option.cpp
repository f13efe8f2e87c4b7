#include "harness/cli/command.h"
#include "harness/suite/plugin_loader.h"

namespace longhaul {

void add_plugin_option(CLI::App& command, CommandContext& context) {
  const auto load = [&context](const std::vector<std::string>& files) {
    for (const std::string& file : files) load_plugin(find_plugin(file), context.registry);
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--plugin", load, "A shared object with models or tasks; may be repeated")
      ->allow_extra_args(false);
}

}  // namespace longhaul
