#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/cli/terminal.h"
#include "harness/tables/compare.h"
#include "harness/tables/table_formats.h"
#include "longhaul/error.h"
#include "support/exit_status.h"
#include "support/say.h"

namespace longhaul {
namespace {

struct Arguments {
  std::string before, after;
  std::string metric = "accuracy";
  std::string format = "text";
  double threshold = 1;
  Selection selection;
};

Results load_part(const std::string& dir, const Selection& selection) {
  Results results = load_results(dir);
  for (const std::string& problem : results.problems) say("{}\n", problem);
  select(results, selection);
  return results;
}

void compare(const Arguments& arguments, CommandContext& context) {
  const Results before = load_part(arguments.before, arguments.selection);
  const Results after = load_part(arguments.after, arguments.selection);
  const Comparison comparison =
      compare_results(before, after, arguments.metric, arguments.threshold);
  require(!comparison.cells.empty(), "A and B have no model on the same task: ", arguments.before,
          ", ", arguments.after);
  Table table = with_columns(comparison_table(comparison), arguments.selection.columns);
  for (const std::string& line : comparison.differences) table.legend.push_back(line);
  for (const std::string& line : comparison.only) table.legend.push_back(line);
  table.legend.push_back(
      fmt::format("{} of {} cells are worse", comparison.worse(), comparison.cells.size()));
  if (arguments.format == "csv")
    std::cout << to_csv(table);
  else if (arguments.format == "json")
    std::cout << to_json({table});
  else
    std::cout << to_text(table, output_style());
  if (comparison.worse() > 0 || !before.problems.empty() || !after.problems.empty())
    context.exit_status = kSomeFailed;
}

}  // namespace

void add_compare_command(Program& program, CommandContext& context) {
  const auto arguments = std::make_shared<Arguments>();
  Command command = program.add(
      "compare", "Compares two results folders cell by cell, paired by seed; says what got worse");
  command.add("A", arguments->before, "Results folder before, or one with a results.csv")
      .required();
  command.add("B", arguments->after, "Results folder after").required();
  command
      .add("--threshold", arguments->threshold,
           "Worse is a loss of more than this: percentage points of accuracy, else percent of A")
      .not_negative()
      .show_default();
  command.add("--metric", arguments->metric, "What is compared: accuracy, tokens_per_second, ...")
      .show_default();
  command.add("--format", arguments->format, "Form of the output")
      .one_of({"text", "csv", "json"})
      .show_default();
  add_selection_options(command, arguments->selection,
                        "These columns alone: A, B, difference, ...");
  command.footer(
      "Exit status 1 if a cell got worse: its mean over the common seeds, or a seed that fails "
      "now.\n"
      "Example: longhaul compare results/runs/before results/runs/after --threshold 2");
  command.run([arguments, &context] { compare(*arguments, context); });
}

}  // namespace longhaul
