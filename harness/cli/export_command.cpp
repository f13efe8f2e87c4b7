#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/tables/export.h"
#include "harness/tables/results.h"

namespace longhaul {

void add_export_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string dir, folder;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("export", "Writes the results as CSV files and prints their paths");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.add("-o,--out", arguments->folder, "Where the files go (default: DIR)");
  command.footer("Example: longhaul export results/runs/quick -o /tmp/csv");
  command.run([arguments, &context] {
    const Results results = load_results(arguments->dir);
    const std::string& folder = arguments->folder.empty() ? arguments->dir : arguments->folder;
    for (const std::filesystem::path& file : export_csv(results, folder))
      std::cout << file.string() << '\n';
    for (const std::string& problem : results.problems) std::cerr << problem << '\n';
    if (!results.problems.empty()) context.exit_status = 1;
  });
}

}  // namespace longhaul
