#include <fmt/core.h>

#include "harness/claims/claim_schema.h"
#include "harness/cli/command.h"
#include "longhaul/error.h"

namespace longhaul {

void add_schema_command(Program& program, CommandContext&) {
  auto kind = std::make_shared<std::string>();
  Command command = program.add("schema",
                                "The JSON Schema of suite or claim files: what an editor "
                                "completes and\nchecks them with");
  command.add("KIND", *kind, "suite | claim").required();
  command.footer("Example: longhaul schema suite > suite.schema.json");
  command.run([kind] {
    require(*kind == "suite" || *kind == "claim", "schema: found '", *kind,
            "', allowed: suite | claim");
    fmt::print("{}\n", (*kind == "suite" ? suite_schema() : claim_schema()).dump(2));
  });
}

}  // namespace longhaul
