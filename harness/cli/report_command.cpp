
#include <filesystem>
#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/report/report.h"
#include "longhaul/error.h"
#include "support/file.h"

namespace longhaul {

void add_report_command(Program& program, CommandContext& context) {
  struct Arguments {
    std::string dir, file;
    Selection selection;
  };
  auto arguments = std::make_shared<Arguments>();
  Command command =
      program.add("report", "Writes the results as one self-contained HTML page, with pictures");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command.add("-o,--out", arguments->file, "The file to write (default: DIR/report.html)");
  add_selection_options(command, arguments->selection, "Of its table: these columns alone");
  command.footer(
      "Needs gnuplot for the pictures (apt install gnuplot-nox).\n"
      "Example: longhaul report results/runs/quick -o /tmp/quick.html");
  command.run([arguments, &context] {
    Results results = load_results(arguments->dir);
    select(results, arguments->selection);
    for (const std::string& problem : results.problems) std::cerr << problem << '\n';
    if (!results.problems.empty()) context.exit_status = 1;
    require(has_report(results), arguments->dir, ": nothing to report yet: no trial has finished");
    const std::filesystem::path file = arguments->file.empty()
                                           ? std::filesystem::path(arguments->dir) / "report.html"
                                           : std::filesystem::path(arguments->file);
    write_atomically(file, report_html(results, arguments->selection.columns));
    std::cout << file.string() << '\n';
  });
}

}  // namespace longhaul
