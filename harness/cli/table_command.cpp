#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/cli/selection_option.h"
#include "harness/cli/terminal.h"
#include "harness/tables/pareto.h"
#include "harness/tables/ranking.h"
#include "harness/tables/results.h"
#include "harness/tables/table.h"
#include "harness/tables/table_formats.h"
#include "harness/throughput/throughput_table.h"
#include "longhaul/error.h"
#include "support/say.h"

namespace longhaul {
namespace {

struct TableArguments {
  std::string dir;
  std::string metric = "accuracy";
  std::string format = "text";
  std::string label;
  Selection selection;
};

// Tables below one another; those of a program's formats come in one piece.
std::string format_tables(const std::vector<Table>& tables, const TableArguments& arguments) {
  if (arguments.format == "json") return to_json(tables);
  if (arguments.format == "jsonl") return to_jsonl(tables);
  std::string text;
  for (const Table& table : tables) {
    if (!text.empty() && arguments.format != "csv") text += "\n";
    if (arguments.format == "markdown")
      text += to_markdown(table);
    else if (arguments.format == "csv")
      text += to_csv(table);
    else if (arguments.format == "latex")
      text += to_latex(table, text.empty() ? arguments.label : "");
    else
      text += to_text(table, output_style());
  }
  return text;
}

// Accuracy and cost in one table, below it how the models rank over the tasks; or for --metric
// throughput, and where no trial is planned, cost alone. CSV has no place for a second table, and
// the caption of a paper none for the best trades.
std::vector<Table> tables_of(const Results& results, const TableArguments& arguments) {
  const std::string& metric = arguments.metric;
  const auto& columns = arguments.selection.columns;
  std::vector<Table> tables;
  const bool cost_alone = results.trials.empty() && !results.throughput.empty();
  if (metric == "throughput" || cost_alone) {
    require(!results.throughput.empty(), arguments.dir,
            ": holds no throughput: its suite has no `throughput:` block, or nothing is measured "
            "yet; `longhaul throughput SUITE --out ",
            arguments.dir, "` measures it");
    for (const Table& table : throughput_tables(results.throughput))
      tables.push_back(with_columns(table, columns));
    return tables;
  }
  tables.push_back(with_columns(make_table(results, metric), columns));
  if (metric == "accuracy" && arguments.format != "latex")
    for (const std::string& line : pareto_lines(results, summarize(results)))
      tables.back().legend.push_back(line);
  const Ranking ranking = rank_rows(results);
  if (metric == "accuracy" && arguments.format != "csv" && ranking.is_of_use())
    tables.push_back(ranking_table(ranking));
  return tables;
}

}  // namespace

void add_table_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<TableArguments>();
  Command command = program.add("table", "Prints models by tasks: means and 95% intervals");
  command
      .add("DIR", arguments->dir,
           "Results folder, such as results/runs/quick, or one that holds a results.csv")
      .required();
  command
      .add("--metric", arguments->metric,
           "What the cells show: accuracy, val, loss, examples_to_90, throughput, ...")
      .show_default();
  command.add("--format", arguments->format, "Form of the output")
      .one_of({"text", "markdown", "csv", "json", "jsonl", "latex"})
      .show_default();
  command.add("--label", arguments->label, "Of a LaTeX table: its \\label, such as tab:quick");
  add_selection_options(command, arguments->selection,
                        "These alone, in this order: tasks, params, 'train tok/s', state, ...");
  command.footer(
      "CSV and JSON hold numbers: shares of 1, bytes, tokens a second.\n"
      "Example: longhaul table results/runs/quick --models lru,gla --format markdown");
  command.run([arguments, &context] {
    Results results = load_results(arguments->dir);
    select(results, arguments->selection);
    std::cout << format_tables(tables_of(results, *arguments), *arguments) << std::flush;
    for (const std::string& problem : results.problems) say("{}\n", problem);
    if (!results.problems.empty()) context.exit_status = 1;
  });
}

}  // namespace longhaul
