#include <fmt/core.h>

#include "harness/claims/claim_schema.h"
#include "harness/cli/command.h"
#include "longhaul/error.h"

namespace longhaul {

void add_schema_command(CLI::App& app, CommandContext&) {
  auto kind = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("schema",
                                         "The JSON Schema of suite or claim files: what an editor "
                                         "completes and\nchecks them with");
  command->add_option("KIND", *kind, "suite | claim")->required();
  command->footer("Example: longhaul schema suite > suite.schema.json");
  command->callback([kind] {
    require(*kind == "suite" || *kind == "claim", "schema: found '", *kind,
            "', allowed: suite | claim");
    fmt::print("{}\n", (*kind == "suite" ? suite_schema() : claim_schema()).dump(2));
  });
}

}  // namespace longhaul
