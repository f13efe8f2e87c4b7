#include "harness/tables/export.h"

#include <algorithm>
#include <cmath>
#include <concepts>

#include "harness/results/points.h"
#include "harness/tables/ranking.h"
#include "harness/tables/summary.h"
#include "harness/throughput/solver_csv.h"
#include "harness/throughput/throughput_csv.h"
#include "support/columns.h"
#include "support/file.h"

namespace longhaul {
namespace {

struct ResultRow {
  const Trial& trial;
  const TrialRecord& record;
  const Evaluation* evaluation;  // none: the trial failed
};
using ResultColumn = Column<ResultRow>;

// A column that holds a member of the spec or of the record. Numbers that a failed trial did not
// come to are 0 in its record, and missing here.
template <class Value>
ResultColumn of_spec(const char* name, Value TrialSpec::*member) {
  return {name, [=](const ResultRow& row) {
            if constexpr (std::same_as<Value, std::string>)
              return row.trial.spec.*member;
            else
              return csv_text(row.trial.spec.*member);
          }};
}

template <class Value>
ResultColumn of_record(const char* name, Value TrialRecord::*member, bool measured = false) {
  const auto text = [=](const ResultRow& row) -> std::string {
    const Value& value = row.record.*member;
    if constexpr (std::same_as<Value, std::string>)
      return value;
    else
      return !row.trial.ok() && value == 0 ? "" : csv_text(value);
  };
  return {name, text, measured};
}

ResultColumn of_evaluation(const char* name, double Evaluation::*member) {
  return {name, [=](const ResultRow& row) {
            return row.evaluation ? csv_text(row.evaluation->*member) : "";
          }};
}

ResultColumn of_baselines(const char* name, double Baselines::*member) {
  return {name, [=](const ResultRow& row) {
            return row.evaluation ? csv_text(row.evaluation->baselines.*member) : "";
          }};
}

std::string at_baseline(const ResultRow& row) {
  if (!row.evaluation || std::isnan(row.evaluation->test)) return "";
  return csv_text(is_at_baseline(describe({row.evaluation->test}), row.evaluation->baselines.best(),
                                 row.trial.spec.settings.test_examples));
}

// Of the trial, or of a test of one that went well.
std::string status(const ResultRow& row) {
  return to_string(row.evaluation ? row.evaluation->status : row.record.status);
}

// "heads=4 learning_rate=0.003": what the suite tunes, as this trial has it.
std::string tuned(const ResultRow& row) {
  std::string values;
  for (const auto& [key, value] : row.trial.spec.tuning.values)
    values += (values.empty() ? "" : " ") + key + "=" + to_text(value);
  return values;
}

const std::vector<ResultColumn>& result_columns() {
  constexpr bool kMeasured = true;
  static const std::vector<ResultColumn> columns = {
      of_spec("suite", &TrialSpec::suite),
      {"trial", [](const ResultRow& row) { return row.trial.id; }},
      of_spec("model", &TrialSpec::model_name),
      of_record("model_origin", &TrialRecord::model_origin),
      of_spec("task", &TrialSpec::task_name),
      of_spec("task_version", &TrialSpec::task_version),
      {"pretrain", [](const ResultRow& row) { return pretrain_of(row.trial.spec); }},
      {"loss", [](const ResultRow& row) { return loss_of(row.trial.spec); }},
      of_spec("seed", &TrialSpec::seed),
      {"eval_length",
       [](const ResultRow& row) { return csv_text(row.evaluation ? row.evaluation->length : 0); }},
      {"status", status},
      of_record("attempts", &TrialRecord::attempts, kMeasured),
      of_record("metric", &TrialRecord::metric),
      of_evaluation("test_value", &Evaluation::test),
      of_evaluation("val_value", &Evaluation::validation),
      of_evaluation("test_ece", &Evaluation::calibration_error),
      of_record("selected_step", &TrialRecord::selected_step),
      of_baselines("chance", &Baselines::chance),
      of_baselines("majority", &Baselines::majority),
      of_baselines("shallow", &Baselines::shallow),
      {"at_baseline", at_baseline},
      of_record("train_loss", &TrialRecord::train_loss),
      of_record("parameters", &TrialRecord::parameters),
      of_record("flops_per_token", &TrialRecord::flops_per_token),
      of_record("steps", &TrialRecord::steps),
      of_record("tokens_seen", &TrialRecord::tokens_seen),
      of_record("train_seconds", &TrialRecord::train_seconds, kMeasured),
      of_record("train_tokens_per_second", &TrialRecord::train_tokens_per_second, kMeasured),
      of_record("peak_activation_bytes", &TrialRecord::peak_activation_bytes, kMeasured),
      of_record("peak_resident_bytes", &TrialRecord::peak_resident_bytes, kMeasured),
      {"state_bytes",
       [](const ResultRow& row) {
         return row.record.state_bytes > 0 ? csv_text(row.record.state_bytes) : "";
       }},
      of_record("learning_rate", &TrialRecord::learning_rate),
      {"tuning_trials",
       [](const ResultRow& row) { return csv_text(row.trial.spec.tuning.trials); }},
      of_record("threads", &TrialRecord::threads, kMeasured),
      of_record("precision", &TrialRecord::precision),
      of_record("host", &TrialRecord::host, kMeasured),
      of_record("cpu", &TrialRecord::cpu, kMeasured),
      of_record("version", &TrialRecord::version),
      {"tuned", tuned},
  };
  return columns;
}

using SummaryColumn = Column<ResultCell>;

// A number of the cell's ok trials, boiled down to one; missing where it is 0 or there are none.
SummaryColumn of_trials(const char* name, std::function<double(const TrialRecord&)> value,
                        double (*boil_down)(std::vector<double>), bool measured = false) {
  const auto text = [=](const ResultCell& cell) {
    std::vector<double> values;
    for (const Trial* trial : cell.trials)
      if (trial->ok()) values.push_back(value(*trial->record));
    const double one = values.empty() ? 0 : boil_down(values);
    return one == 0 ? "" : csv_text(one);
  };
  return {name, text, measured};
}

double largest(std::vector<double> values) {
  return *std::max_element(values.begin(), values.end());
}

SummaryColumn of_test(const char* name, double Statistics::*member) {
  return {name, [=](const ResultCell& cell) {
            return cell.test.n > 0 ? csv_text(cell.test.*member) : "";
          }};
}

// An end of the 95% interval.
SummaryColumn of_interval(const char* name, int side) {
  return {name, [=](const ResultCell& cell) {
            if (!cell.test.half_width) return std::string();
            return csv_text(cell.test.mean + side * *cell.test.half_width);
          }};
}

SummaryColumn of_bootstrap(const char* name, double Interval::*end) {
  return {name, [=](const ResultCell& cell) {
            std::vector<double> scores;
            for (const auto& [seed, score] : cell.scores) scores.push_back(score);
            const std::optional<Interval> interval = bootstrap_interval(scores);
            return interval ? csv_text(*interval.*end) : "";
          }};
}

const std::vector<SummaryColumn>& summary_columns() {
  constexpr bool kMeasured = true;
  static const std::vector<SummaryColumn> columns = {
      {"model", [](const ResultCell& cell) { return cell.row.model; }},
      {"task", [](const ResultCell& cell) { return cell.task; }},
      {"pretrain", [](const ResultCell& cell) { return cell.row.pretrain; }},
      {"loss", [](const ResultCell& cell) { return cell.row.loss; }},
      {"eval_length", [](const ResultCell& cell) { return csv_text(cell.eval_length); }},
      {"n", [](const ResultCell& cell) { return csv_text(cell.test.n); }},
      of_test("mean", &Statistics::mean),
      {"std", [](const ResultCell& cell) { return csv_text(cell.test.std_dev); }},
      of_test("min", &Statistics::min),
      of_test("max", &Statistics::max),
      of_interval("ci95_low", -1),
      of_interval("ci95_high", +1),
      {"rank", [](const ResultCell& cell) { return csv_text(cell.rank); }},
      {"p_vs_best", [](const ResultCell& cell) { return csv_text(cell.p_vs_best); }},
      {"at_baseline",
       [](const ResultCell& cell) { return cell.test.n > 0 ? csv_text(cell.at_baseline) : ""; }},
      of_trials(
          "tokens_per_second", [](const auto& r) { return r.train_tokens_per_second; }, median,
          kMeasured),
      of_trials(
          "peak_activation_bytes", [](const auto& r) { return r.peak_activation_bytes; }, largest,
          kMeasured),
      of_trials(
          "state_bytes", [](const auto& r) { return r.state_bytes; }, largest),
      of_trials(
          "parameters", [](const auto& r) { return r.parameters; }, largest),
      of_bootstrap("ci95_bootstrap_low", &Interval::low),
      of_bootstrap("ci95_bootstrap_high", &Interval::high),
  };
  return columns;
}

bool has_bag_of_tokens(const Results& results) {
  return std::any_of(results.trials.begin(), results.trials.end(),
                     [](const Trial& trial) { return !trial.spec.baselines.empty(); });
}

}  // namespace

std::vector<std::string> measured_columns() {
  std::vector<std::string> names;
  const auto collect = [&](const auto& columns) {
    for (const auto& column : columns)
      if (column.measured && std::find(names.begin(), names.end(), column.name) == names.end())
        names.push_back(column.name);
  };
  collect(result_columns());
  collect(summary_columns());
  return names;
}

std::string results_csv(const Results& results) {
  std::vector<ResultColumn> columns = result_columns();
  if (has_bag_of_tokens(results))
    columns.push_back({"bag_of_tokens", [](const ResultRow& row) {
                         return row.evaluation ? csv_text(row.evaluation->baselines.bag_of_tokens)
                                               : "";
                       }});
  std::string csv = header(columns);
  const auto add = [&](const Trial& trial) {
    if (!trial.record) return;
    const TrialRecord& record = *trial.record;
    if (trial.ok())
      for (const Evaluation& evaluation : record.evaluations)
        csv += line(columns, {trial, record, &evaluation});
    else
      csv += line(columns, {trial, record, nullptr});
  };
  for (const Trial& trial : results.trials) add(trial);
  for (const Trial& trial : results.tuning) add(trial);
  return csv;
}

std::string summary_csv(const Results& results) {
  std::string csv = header(summary_columns());
  for (const ResultCell& cell : summarize(results)) csv += line(summary_columns(), cell);
  return csv;
}

std::string curves_csv(const Results& results) {
  std::string csv = csv_line({"trial", "step", "split", "metric", "value"});
  const auto add = [&](const Trial& trial) {
    if (!trial.record || trial.is_variant) return;
    for (const CurvePoint& point : read_curve(trial.dir))
      csv += csv_line(
          {trial.id, csv_text(point.step), point.split, point.metric, csv_text(point.value)});
  };
  for (const Trial& trial : results.trials) add(trial);
  for (const Trial& trial : results.tuning) add(trial);
  return csv;
}

std::string diagnostics_csv(const Results& results) {
  std::string csv = csv_line({"trial", "step", "layer", "name", "value"});
  const auto add = [&](const Trial& trial) {
    if (!trial.record || trial.is_variant || trial.spec.diagnostics.empty()) return;
    for (const DiagnosticPoint& point : read_diagnostics(trial.dir))
      csv += csv_line({trial.id, csv_text(point.step), csv_text(point.layer), point.name,
                       csv_text(point.value)});
  };
  for (const Trial& trial : results.trials) add(trial);
  for (const Trial& trial : results.tuning) add(trial);
  return csv;
}

std::vector<std::filesystem::path> export_csv(const Results& results,
                                              const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::vector<std::filesystem::path> written;
  const auto write = [&](const char* name, const std::string& csv) {
    if (csv.empty()) return;
    written.push_back(folder / name);
    write_atomically(written.back(), csv);
  };
  write("results.csv", results_csv(results));
  write("summary.csv", summary_csv(results));
  write("ranks.csv", ranks_csv(results));
  write("wins.csv", wins_csv(results));
  write("throughput.csv", throughput_csv(results.throughput));
  write("curves.csv", curves_csv(results));
  const bool has_diagnostics =
      std::any_of(results.trials.begin(), results.trials.end(),
                  [](const Trial& trial) { return !trial.spec.diagnostics.empty(); });
  write("diagnostics.csv", has_diagnostics ? diagnostics_csv(results) : "");
  write("solver.csv", solver_csv(results.trials, results.solvers));
  return written;
}

}  // namespace longhaul
