#include <iostream>
#include <memory>

#include "harness/cli/command.h"
#include "harness/tables/ranking.h"
#include "harness/tables/results.h"
#include "harness/tables/table.h"
#include "harness/throughput/throughput_table.h"

namespace longhaul {
namespace {

struct TableArguments {
  std::string dir;
  std::string metric = "accuracy";
  std::string format = "text";
};

std::string format_table(const Table& table, const std::string& format) {
  if (format == "markdown") return to_markdown(table);
  if (format == "csv") return to_csv(table);
  if (format == "latex") return to_latex(table);
  return to_text(table);
}

// Accuracy and cost in one table, below it how the models rank over the tasks; or for --metric
// throughput, and where no trial is planned, cost alone. CSV has no place for a second table.
std::vector<Table> tables_of(const Results& results, const std::string& metric,
                             const std::string& format) {
  const bool cost_alone = results.trials.empty() && !results.throughput.empty();
  if (metric == "throughput" || cost_alone) return throughput_tables(results.throughput);
  std::vector<Table> tables = {make_table(results, metric)};
  const Ranking ranking = rank_rows(results);
  if (metric == "accuracy" && format != "csv" && ranking.is_of_use())
    tables.push_back(ranking_table(ranking));
  return tables;
}

}  // namespace

void add_table_command(Program& program, CommandContext& context) {
  auto arguments = std::make_shared<TableArguments>();
  Command command = program.add("table", "Prints models by tasks: means and 95% intervals");
  command.add("DIR", arguments->dir, "Results folder, such as results/runs/quick").required();
  command
      .add("--metric", arguments->metric,
           "What the cells show: accuracy, val, loss, tokens_per_second, throughput, ...")
      .show_default();
  command.add("--format", arguments->format, "Form of the output")
      .one_of({"text", "markdown", "csv", "latex"})
      .show_default();
  command.footer("Example: longhaul table results/runs/quick --format markdown");
  command.run([arguments, &context] {
    const Results results = load_results(arguments->dir);
    const char* between = "";
    for (const Table& table : tables_of(results, arguments->metric, arguments->format)) {
      std::cout << between << format_table(table, arguments->format);
      if (arguments->format != "csv") between = "\n";
    }
    std::cout << std::flush;
    for (const std::string& problem : results.problems) std::cerr << problem << '\n';
    if (!results.problems.empty()) context.exit_status = 1;
  });
}

}  // namespace longhaul
