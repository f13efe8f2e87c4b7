#include "harness/tables/export.h"

#include "harness/tables/points_csv.h"
#include "harness/tables/ranking.h"
#include "harness/tables/results_csv.h"
#include "harness/tables/summary_csv.h"
#include "harness/throughput/solver_csv.h"
#include "harness/throughput/throughput_csv.h"
#include "support/choices.h"
#include "support/file.h"

namespace longhaul {

const std::vector<CsvFile>& csv_files() {
  using R = Results;
  static const std::vector<CsvFile> files = {
      {"results", "a row for each finished trial and length of its tests; a failed trial has one",
       results_columns(), results_csv},
      {"summary", "a row for each model, task, pretrain, loss and eval_length", summary_columns(),
       summary_csv},
      {"ranks", "a row for each model of three or more, compared over two or more tasks",
       ranks_columns(), ranks_csv},
      {"wins", "a row for each pair of the models of ranks.csv", wins_columns(), wins_csv},
      {"throughput", "a row for each model, phase, length and batch that was timed",
       throughput_columns(), [](const R& results) { return throughput_csv(results.throughput); }},
      {"curves", "a row for each number that a trial found while it trained", curves_columns(),
       curves_csv},
      {"diagnostics", "a row for each number that the suite's `diagnostics:` ask for",
       diagnostics_columns(),
       [](const R& results) { return has_diagnostics(results) ? diagnostics_csv(results) : ""; }},
      {"solver", "a row for each model with an iterative solver, solver and length",
       solver_columns(),
       [](const R& results) { return solver_csv(results.trials, results.solvers); }},
  };
  return files;
}

const CsvFile& csv_file(const std::string& name) {
  return row_named("CSV file", name, csv_files());
}

std::vector<std::filesystem::path> export_csv(const Results& results,
                                              const std::filesystem::path& folder) {
  make_folder(folder);
  std::vector<std::filesystem::path> written;
  for (const CsvFile& file : csv_files()) {
    const std::string csv = file.text(results);
    if (csv.empty()) continue;
    written.push_back(folder / (file.name + ".csv"));
    write_atomically(written.back(), csv);
  }
  return written;
}

}  // namespace longhaul
