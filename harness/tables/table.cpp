#include "harness/tables/table.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <set>

#include "harness/tables/summary.h"
#include "harness/throughput/throughput_table.h"
#include "longhaul/error.h"
#include "longhaul/options.h"
#include "support/number_text.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

constexpr const char* kNotANumber = "not a number";

std::string percent_text(double value) {
  return std::isnan(value) ? kNotANumber : fmt::format("{:.1f}", 100 * value);
}
std::string number_text(double value) { return fmt::format("{:.4g}", value); }

using Value = std::function<std::optional<double>(const Trial&, int64_t eval_length)>;

struct Metric {
  std::string name;
  std::string title;
  Value value;
  std::string (*text)(double);
  bool is_score = false;  // has a value at each evaluation length, and baselines to compare with
};

Value score(double Evaluation::*member) {
  return [=](const Trial& trial, int64_t eval_length) -> std::optional<double> {
    const Evaluation* evaluation = evaluation_at(trial, eval_length);
    if (!evaluation || !evaluation->ok()) return std::nullopt;
    return evaluation->*member;
  };
}

template <class Number>
Value of_record(const char* key, Number TrialRecord::*member) {
  return [=](const Trial& trial, int64_t) -> std::optional<double> {
    if (!trial.ok() || trial.record->missing.count(key)) return std::nullopt;
    return static_cast<double>((*trial.record).*member);
  };
}

Value of_note(const std::string& name) {
  return [=](const Trial& trial, int64_t) -> std::optional<double> {
    if (!trial.ok() || !trial.record->notes.count(name)) return std::nullopt;
    return trial.record->notes.at(name);
  };
}

std::vector<Metric> metrics(const Results& results) {
  using R = TrialRecord;
  std::vector<Metric> all = {
      {"accuracy", "test accuracy in percent", score(&Evaluation::test), percent_text, true},
      {"val", "validation accuracy in percent", score(&Evaluation::validation), percent_text, true},
      {"loss", "training loss at the end", of_record("train_loss", &R::train_loss), number_text},
      {"tokens_per_second", "training tokens per second",
       of_record("train_tokens_per_second", &R::train_tokens_per_second), short_count},
      {"train_seconds", "training time in seconds", of_record("train_seconds", &R::train_seconds),
       number_text},
      {"peak_activation_bytes", "peak activation memory",
       of_record("peak_activation_bytes", &R::peak_activation_bytes), short_bytes},
      {"peak_resident_bytes", "peak resident memory of the process",
       of_record("peak_resident_bytes", &R::peak_resident_bytes), short_bytes},
      {"state_bytes", "decode state of one sequence", of_record("state_bytes", &R::state_bytes),
       short_bytes},
      {"parameters", "trained parameters", of_record("parameters", &R::parameters), short_count},
      {"flops_per_token", "training FLOPs per token",
       of_record("flops_per_token", &R::flops_per_token), short_count},
      {"steps", "training steps", of_record("steps", &R::steps), short_count},
      {"tokens_seen", "training tokens", of_record("tokens_seen", &R::tokens_seen), short_count},
      {"selected_step", "step chosen on validation", of_record("selected_step", &R::selected_step),
       short_count},
      {"learning_rate", "learning rate", of_record("learning_rate", &R::learning_rate),
       number_text},
  };
  std::set<std::string> notes;
  for (const Trial& trial : results.trials)
    if (trial.ok())
      for (const auto& [name, value] : trial.record->notes) notes.insert(name);
  for (const std::string& name : notes)
    all.push_back({name, name + ", as the model reports it", of_note(name), number_text});
  return all;
}

Metric find_metric(const Results& results, const std::string& name) {
  for (const Metric& metric : metrics(results))
    if (metric.name == name) return metric;
  const std::vector<std::string> known = table_metrics(results);
  throw Error(fmt::format("--metric: no metric '{}'{}", name, nearest_and_known(name, known)));
}

// Why a trial has no value in a cell: "out of memory", "waiting", "not a number"; "" if it has one,
// or was never to have one.
std::string fate(const Trial& trial, const ResultCell& cell, const Metric& metric) {
  const Evaluation* test = metric.is_score ? evaluation_at(trial, cell.eval_length) : nullptr;
  std::string word;
  if (!trial.record)
    word = "waiting";
  else if (!trial.ok())
    word = to_string(trial.record->status);
  else if (test && !test->ok())
    word = to_string(test->status);
  else if (const auto value = metric.value(trial, cell.eval_length); value && std::isnan(*value))
    word = kNotANumber;
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

// "1 of 3 diverged, 1 of 3 waiting"; `alone` is set if all trials share that fate.
std::string failures_text(const ResultCell& cell, const Metric& metric, bool& alone) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const Trial* trial : cell.trials) {
    const std::string word = fate(*trial, cell, metric);
    if (word.empty()) continue;
    const auto known = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& count) { return count.first == word; });
    if (known == counts.end())
      counts.emplace_back(word, 1);
    else
      ++known->second;
  }
  alone = counts.size() == 1 && counts.front().second == cell.trials.size();
  if (alone) return counts.front().first;
  std::vector<std::string> parts;
  for (const auto& [word, count] : counts)
    parts.push_back(fmt::format("{} of {} {}", count, cell.trials.size(), word));
  return fmt::format("{}", fmt::join(parts, ", "));
}

TableCell table_cell(const ResultCell& cell, const Metric& metric) {
  TableCell shown;
  bool alone = false;
  shown.remark = failures_text(cell, metric, alone);
  std::vector<double> values;
  for (const Trial* trial : cell.trials)
    if (const auto value = metric.value(*trial, cell.eval_length); value && !std::isnan(*value))
      values.push_back(*value);
  if (values.empty()) {
    shown.value = shown.remark.empty() ? "-" : shown.remark;
    shown.remark.clear();
    return shown;
  }
  const Statistics statistics = describe(values);
  shown.value = metric.text(statistics.mean);
  // A count that every seed shares needs no interval; an accuracy of no spread is a finding.
  if (statistics.half_width && (metric.is_score || *statistics.half_width > 0))
    shown.half_width = metric.text(*statistics.half_width);
  shown.at_baseline = cell.at_baseline;
  return shown;
}

// A column of what a model costs.
struct CostColumn {
  std::string header;
  std::function<TableCell(const Row& row)> cell;
};

// From all trials of a row that went well.
CostColumn of_trials(const Results& results, const char* header, Value value,
                     std::string (*text)(const std::vector<double>&)) {
  return {header, [&results, value, text](const Row& row) -> TableCell {
            std::vector<double> values;
            for (const Trial& trial : results.trials)
              if (trial.ok() && row.holds(trial.spec)) values.push_back(*value(trial, 0));
            return {values.empty() ? "-" : text(values)};
          }};
}

// From the phase measured alone.
CostColumn of_rows(const std::vector<const ThroughputRow*>& rows, const char* header,
                   std::string (*text)(const ThroughputRow&)) {
  return {fmt::format("{} @{}", header, rows.front()->length),
          [rows, text](const Row& of) -> TableCell {
            for (const ThroughputRow* row : rows)
              if (row->model == of.model) return {row->ok() ? text(*row) : to_string(row->status)};
            return {"-"};
          }};
}

std::string range_text(const std::vector<double>& values) {
  const Statistics range = describe(values);
  const std::string least = short_count(range.min), most = short_count(range.max);
  return least == most ? least : least + "\u2013" + most;
}
std::string median_text(const std::vector<double>& values) { return short_count(median(values)); }
std::string largest_text(const std::vector<double>& values) {
  const double largest = describe(values).max;
  return largest > 0 ? short_bytes(largest) : "-";
}

std::string speed_text(const ThroughputRow& row) { return short_count(row.tokens_per_second(0.5)); }
std::string activations_text(const ThroughputRow& row) {
  return short_bytes(static_cast<double>(row.peak_activation_bytes));
}
std::string state_text(const ThroughputRow& row) {
  return short_bytes(static_cast<double>(row.state_bytes));
}

// What was measured alone takes the place of what trials say, since these ran side by side.
std::vector<CostColumn> cost_columns(const Results& results) {
  using R = TrialRecord;
  const auto train = headlines(results.throughput, Phase::train);
  const auto decode = headlines(results.throughput, Phase::decode);
  std::vector<CostColumn> columns = {
      of_trials(results, "params", of_record("parameters", &R::parameters), range_text)};
  columns.push_back(
      train.empty() ? of_trials(results, "train tok/s",
                                of_record("train_tokens_per_second", &R::train_tokens_per_second),
                                median_text)
                    : of_rows(train, "train tok/s", speed_text));
  if (!decode.empty()) columns.push_back(of_rows(decode, "decode tok/s", speed_text));
  columns.push_back(train.empty()
                        ? of_trials(results, "activations",
                                    of_record("peak_activation_bytes", &R::peak_activation_bytes),
                                    largest_text)
                        : of_rows(train, "activations", activations_text));
  columns.push_back(
      decode.empty()
          ? of_trials(results, "state", of_record("state_bytes", &R::state_bytes), largest_text)
          : of_rows(decode, "state", state_text));
  return columns;
}

struct TableColumn {
  std::string task;
  int64_t eval_length;
  bool operator==(const TableColumn&) const = default;
};

std::vector<TableColumn> table_columns(const std::vector<ResultCell>& cells, bool each_length) {
  std::vector<TableColumn> columns = distinct(cells, [](const ResultCell& cell) {
    return TableColumn{cell.task, cell.eval_length};
  });
  if (each_length) return columns;
  std::vector<TableColumn> first;
  for (const TableColumn& column : columns)
    if (std::none_of(first.begin(), first.end(),
                     [&](const TableColumn& other) { return other.task == column.task; }))
      first.push_back(column);
  return first;
}

std::vector<std::vector<TableCell>> baseline_rows(const std::vector<ResultCell>& cells,
                                                  const std::vector<TableColumn>& columns,
                                                  std::size_t width) {
  struct Kind {
    const char* name;
    std::optional<double> (*value)(const Baselines&);
  };
  using B = Baselines;
  const std::vector<Kind> kinds = {
      {"chance", [](const B& of) -> std::optional<double> { return of.chance; }},
      {"majority", [](const B& of) -> std::optional<double> { return of.majority; }},
      {"shallow", [](const B& of) -> std::optional<double> { return of.shallow; }},
      {"bag_of_tokens", [](const B& of) { return of.bag_of_tokens; }}};
  std::vector<std::vector<TableCell>> rows;
  for (const Kind& kind : kinds) {
    std::vector<TableCell> row = {{kind.name}};
    bool is_measured = kind.name != std::string("bag_of_tokens");
    for (const TableColumn& column : columns) {
      std::vector<double> values;
      for (const ResultCell& cell : cells)
        if (column == TableColumn{cell.task, cell.eval_length} && cell.baselines)
          if (const std::optional<double> value = kind.value(*cell.baselines))
            values.push_back(*value);
      is_measured |= !values.empty();
      row.push_back({values.empty() ? "-" : percent_text(describe(values).mean)});
    }
    row.resize(width);
    if (is_measured) rows.push_back(row);
  }
  return rows;
}

// How the columns of costs are to be read.
std::string cost_legend(const Results& results) {
  std::string legend = "params: least and most over the tasks, whose vocabularies differ";
  if (headlines(results.throughput, Phase::train).empty())
    legend += "; train tok/s: median of the trials; activations: peak, the trials' largest";
  else
    legend +=
        "; train tok/s, activations: of a training step measured alone, at the length behind @";
  if (headlines(results.throughput, Phase::decode).empty())
    legend += "; state: of one sequence in decoding, the trials' largest";
  else
    legend += "; decode tok/s, state: of one sequence at the length behind @, measured alone";
  return legend;
}

std::vector<std::string> legend_of(const Table& table, const Metric& metric,
                                   const Results& results) {
  const auto any = [&](auto&& property) {
    for (const auto& row : table.models)
      if (std::any_of(row.begin(), row.end(), property)) return true;
    return false;
  };
  std::vector<std::string> legend;
  const bool has_bag = table.baselines.size() > 3;
  if (any([](const TableCell& cell) { return cell.at_baseline; }))
    legend.push_back(
        fmt::format("* no learning shown: the test accuracy is not above the best of chance, "
                    "majority{} by both its 95% interval over seeds and that of the test examples",
                    has_bag ? ", shallow and bag_of_tokens" : " and shallow"));
  if (any([](const TableCell& cell) { return !cell.remark.empty(); }))
    legend.push_back(
        "mean and interval are over the seeds that are not named as failed or waiting");
  if (metric.is_score)
    legend.push_back(
        fmt::format("chance, majority, shallow{}: scores of rules without a sequence model on the "
                    "same test examples",
                    has_bag ? ", bag_of_tokens" : ""));
  const auto tuned = std::find_if(results.trials.begin(), results.trials.end(),
                                  [](const Trial& trial) { return trial.spec.tuning.trials > 1; });
  if (tuned != results.trials.end())
    legend.push_back(
        fmt::format("each model was tuned on each task: the best of {} settings on validation, by "
                    "the first seed",
                    tuned->spec.tuning.trials));
  legend.push_back(cost_legend(results));
  return legend;
}

}  // namespace

std::vector<std::string> table_metrics(const Results& results) {
  std::vector<std::string> names;
  for (const Metric& metric : metrics(results)) names.push_back(metric.name);
  return names;
}

Table make_table(const Results& results, const std::string& metric_name) {
  const Metric metric = find_metric(results, metric_name);
  const std::vector<ResultCell> cells = summarize(results);
  const std::vector<TableColumn> columns = table_columns(cells, metric.is_score);

  Table table;
  const std::string suite = results.trials.empty() ? "" : results.trials.front().spec.suite;
  table.title = fmt::format("{}{}{}, mean ±half-width of the 95% interval over seeds", suite,
                            suite.empty() ? "" : ": ", metric.title);
  table.header = {"model"};
  for (const TableColumn& column : columns)
    table.header.push_back(column.eval_length == 0 || !metric.is_score
                               ? column.task
                               : fmt::format("{} @{}", column.task, column.eval_length));
  const std::vector<CostColumn> costs = cost_columns(results);
  for (const CostColumn& cost : costs) table.header.push_back(cost.header);

  for (const Row& row : rows_of(results.trials)) {
    std::vector<TableCell>& fields = table.models.emplace_back();
    fields.push_back({row.label});
    for (const TableColumn& column : columns) {
      TableCell& shown = fields.emplace_back();
      for (const ResultCell& cell : cells)
        if (cell.row == row && column == TableColumn{cell.task, cell.eval_length})
          shown = table_cell(cell, metric);
    }
    for (const CostColumn& cost : costs) fields.push_back(cost.cell(row));
  }
  if (metric.is_score) table.baselines = baseline_rows(cells, columns, table.header.size());
  table.legend = legend_of(table, metric, results);
  return table;
}

}  // namespace longhaul
