#include <fmt/format.h>

#include <algorithm>

#include "harness/report/report_sections.h"
#include "harness/tables/metric.h"
#include "harness/tables/varied_options.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

TableCell number(std::string text, double value) {
  TableCell cell{std::move(text)};
  cell.number = value;
  return cell;
}

// A test of each trial at its first length, and where and how it ran.
std::vector<TableCell> trial_row(const Trial& trial, const std::string& options) {
  const TrialRecord& record = *trial.record;
  const bool is_tested = trial.ok() && !record.evaluations.empty();
  const double score = is_tested ? record.evaluations.front().test : 0;
  std::string status = to_string(record.status);
  std::replace(status.begin(), status.end(), '_', ' ');
  return {{trial.spec.model_name},
          {trial.spec.task_name},
          number(std::to_string(trial.spec.seed), static_cast<double>(trial.spec.seed)),
          {status},
          is_tested ? number(percent_text(score), score) : TableCell{"-"},
          number(std::to_string(record.steps), static_cast<double>(record.steps)),
          number(fmt::format("{:.1f}", record.train_seconds), record.train_seconds),
          number(fmt::format("{:g}", record.learning_rate), record.learning_rate),
          {options.empty() ? "-" : options},
          {record.cpu.empty() ? "-"
                              : fmt::format("{}, {} thread{}", record.cpu, record.threads,
                                            record.threads == 1 ? "" : "s")},
          {record.finished_at.empty() ? "-" : record.finished_at}};
}

}  // namespace

void add_trials(Page& page, const Report& report) {
  const VariedOptions varied(report.results);
  Table table;
  table.title = "finished trials";
  table.header = {"model",
                  "task",
                  "seed",
                  "status",
                  "test " + score_title(report.results) + ", %",
                  "steps",
                  "seconds",
                  "learning rate",
                  "options",
                  "machine",
                  "finished"};
  for (const Trial& trial : report.results.trials)
    if (trial.record && trial.has_folder())
      table.models.push_back(trial_row(trial, varied.of(trial)));
  if (table.models.empty()) return;
  table.legend = {
      "options: those in which the models or trials differ; seconds: of training; finished: in "
      "UTC"};
  page.section("Trials");
  page.folded(fmt::format("{} trials, each with its machine and settings", table.models.size()),
              table);
}

}  // namespace longhaul
