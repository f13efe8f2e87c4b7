#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/tables/export.h"
#include "harness/tables/results.h"
#include "harness/tables/tensorboard.h"
#include "longhaul/error.h"
#include "support/say.h"

namespace longhaul {

void add_export_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string dir, folder, format = "csv";
    Selection selection;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command = program.add("export", "Writes the results as files and prints their paths");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.add("-o,--out", arguments->folder,
              "Where the files go (default: DIR, or DIR/tensorboard)");
  command
      .add("--format", arguments->format,
           "csv, or tensorboard: a folder of event files for each trial")
      .one_of({"csv", "tensorboard"})
      .show_default();
  add_selection_options(command, arguments->selection,
                        "These columns alone, and the CSV files that have one of them");
  command.footer(
      "Example: longhaul export results/runs/quick -o /tmp/csv\n"
      "         longhaul export results/runs/quick --format tensorboard -o /tmp/events");
  command.run([arguments, &context] {
    Results results = load_results(arguments->dir);
    select(results, arguments->selection);
    const bool is_csv = arguments->format == "csv";
    const std::string beside = arguments->dir + (is_csv ? "" : "/tensorboard");
    const std::string folder = arguments->folder.empty() ? beside : arguments->folder;
    require(is_csv || arguments->selection.columns.empty(),
            "export: --columns is for --format csv; found --format ", arguments->format);
    for (const std::filesystem::path& file :
         is_csv ? export_csv(results, folder, arguments->selection.columns)
                : export_tensorboard(results, folder))
      std::cout << file.string() << '\n';
    for (const std::string& problem : results.problems) say("{}\n", problem);
    if (!results.problems.empty()) context.exit_status = 1;
  });
}

}  // namespace longhaul
