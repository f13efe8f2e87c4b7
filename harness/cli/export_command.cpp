#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/tables/export.h"
#include "harness/tables/results.h"

namespace longhaul {

void add_export_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string dir, folder;
    Selection selection;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("export", "Writes the results as CSV files and prints their paths");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.add("-o,--out", arguments->folder, "Where the files go (default: DIR)");
  add_selection_options(command, arguments->selection,
                        "These columns alone, and the files that have one of them");
  command.footer("Example: longhaul export results/runs/quick -o /tmp/csv");
  command.run([arguments, &context] {
    Results results = load_results(arguments->dir);
    select(results, arguments->selection);
    const std::string& folder = arguments->folder.empty() ? arguments->dir : arguments->folder;
    for (const std::filesystem::path& file :
         export_csv(results, folder, arguments->selection.columns))
      std::cout << file.string() << '\n';
    for (const std::string& problem : results.problems) std::cerr << problem << '\n';
    if (!results.problems.empty()) context.exit_status = 1;
  });
}

}  // namespace longhaul
