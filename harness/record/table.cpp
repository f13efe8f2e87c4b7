#include "harness/record/table.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <set>

#include "harness/record/summary.h"
#include "longhaul/error.h"
#include "longhaul/options.h"

namespace longhaul {
namespace {

// "84.2k": three digits that count, and the unit's multiple.
std::string scaled(double value, double base, const std::vector<const char*>& suffixes) {
  std::size_t step = 0;
  while (std::abs(value) >= base * 0.9995 && step + 1 < suffixes.size()) {
    value /= base;
    ++step;
  }
  const double size = std::abs(value);
  const int decimals = size >= 99.95 || (step == 0 && value == std::floor(value)) ? 0
                       : size >= 9.995                                            ? 1
                                                                                  : 2;
  return fmt::format("{:.{}f}{}", value, decimals, suffixes[step]);
}

std::string count_text(double value) { return scaled(value, 1000, {"", "k", "M", "G", "T", "P"}); }
std::string bytes_text(double value) {
  return scaled(value, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}
std::string percent_text(double value) { return fmt::format("{:.1f}", 100 * value); }
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
    if (!evaluation) return std::nullopt;
    return evaluation->*member;
  };
}

template <class Number>
Value of_record(Number TrialRecord::*member) {
  return [=](const Trial& trial, int64_t) -> std::optional<double> {
    if (!trial.ok()) return std::nullopt;
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
      {"loss", "training loss at the end", of_record(&R::train_loss), number_text},
      {"tokens_per_second", "training tokens per second", of_record(&R::train_tokens_per_second),
       count_text},
      {"train_seconds", "training time in seconds", of_record(&R::train_seconds), number_text},
      {"peak_activation_bytes", "peak activation memory", of_record(&R::peak_activation_bytes),
       bytes_text},
      {"peak_resident_bytes", "peak resident memory of the process",
       of_record(&R::peak_resident_bytes), bytes_text},
      {"state_bytes", "decode state of one sequence", of_record(&R::state_bytes), bytes_text},
      {"parameters", "trained parameters", of_record(&R::parameters), count_text},
      {"flops_per_token", "training FLOPs per token", of_record(&R::flops_per_token), count_text},
      {"steps", "training steps", of_record(&R::steps), count_text},
      {"tokens_seen", "training tokens", of_record(&R::tokens_seen), count_text},
      {"selected_step", "step chosen on validation", of_record(&R::selected_step), count_text},
      {"learning_rate", "learning rate", of_record(&R::learning_rate), number_text},
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
  const std::string near = nearest(name, known);
  throw Error(fmt::format("--metric: no metric '{}'{}; known: {}", name,
                          near.empty() ? "" : "; did you mean '" + near + "'?",
                          fmt::join(known, ", ")));
}

// "1 of 3 diverged, 1 of 3 waiting"; `alone` is set if all trials share that fate.
std::string failures_text(const Cell& cell, bool& alone) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  for (const Trial* trial : cell.trials) {
    if (trial->ok()) continue;
    std::string word = trial->record ? to_string(trial->record->status) : "waiting";
    std::replace(word.begin(), word.end(), '_', ' ');
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

TableCell table_cell(const Cell& cell, const Metric& metric) {
  TableCell shown;
  bool alone = false;
  shown.remark = failures_text(cell, alone);
  std::vector<double> values;
  for (const Trial* trial : cell.trials)
    if (const std::optional<double> value = metric.value(*trial, cell.eval_length))
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

// What a model costs, over all its trials that went well.
std::vector<TableCell> costs(const Results& results, const std::string& model) {
  std::vector<double> parameters, speeds, activations, states;
  for (const Trial& trial : results.trials) {
    if (!trial.ok() || trial.spec.model_name != model) continue;
    parameters.push_back(trial.record->parameters);
    speeds.push_back(trial.record->train_tokens_per_second);
    activations.push_back(trial.record->peak_activation_bytes);
    states.push_back(trial.record->state_bytes);
  }
  if (parameters.empty()) return {{"-"}, {"-"}, {"-"}, {"-"}};
  const Statistics range = describe(parameters);
  std::string sizes = count_text(range.min);
  if (count_text(range.max) != sizes) sizes += "\u2013" + count_text(range.max);
  const double state = describe(states).max;
  return {{sizes},
          {count_text(median(speeds))},
          {bytes_text(describe(activations).max)},
          {state > 0 ? bytes_text(state) : "-"}};
}

struct TableColumn {
  std::string task;
  int64_t eval_length;
  bool operator==(const TableColumn&) const = default;
};

std::vector<TableColumn> table_columns(const std::vector<Cell>& cells, bool each_length) {
  std::vector<TableColumn> columns = distinct(cells, [](const Cell& cell) {
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

std::vector<std::vector<TableCell>> baseline_rows(const std::vector<Cell>& cells,
                                                  const std::vector<TableColumn>& columns) {
  const std::vector<std::pair<const char*, double Baselines::*>> kinds = {
      {"chance", &Baselines::chance},
      {"majority", &Baselines::majority},
      {"shallow", &Baselines::shallow}};
  std::vector<std::vector<TableCell>> rows;
  for (const auto& [name, member] : kinds) {
    std::vector<TableCell>& row = rows.emplace_back();
    row.push_back({name});
    for (const TableColumn& column : columns) {
      std::vector<double> values;
      for (const Cell& cell : cells)
        if (column == TableColumn{cell.task, cell.eval_length} && cell.baselines)
          values.push_back(*cell.baselines.*member);
      row.push_back({values.empty() ? "-" : percent_text(describe(values).mean)});
    }
    row.resize(columns.size() + 5);
  }
  return rows;
}

std::vector<std::string> legend_of(const Table& table, const Metric& metric) {
  const auto any = [&](auto&& property) {
    for (const auto& row : table.models)
      if (std::any_of(row.begin(), row.end(), property)) return true;
    return false;
  };
  std::vector<std::string> legend;
  if (any([](const TableCell& cell) { return cell.at_baseline; }))
    legend.push_back(
        "* no learning shown: the test accuracy is not above the best of chance, majority and "
        "shallow by both its 95% interval over seeds and that of the test examples");
  if (any([](const TableCell& cell) { return !cell.remark.empty(); }))
    legend.push_back(
        "mean and interval are over the seeds that are not named as failed or waiting");
  if (metric.is_score)
    legend.push_back(
        "chance, majority, shallow: scores of rules without a sequence model on the same test "
        "examples");
  legend.push_back(
      "params: least and most over the tasks, whose vocabularies differ; train tok/s: median of "
      "the "
      "trials; activations: peak, the trials' largest; state: of one sequence in decoding, the "
      "trials' largest");
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
  const std::vector<Cell> cells = summarize(results);
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
  for (const char* cost : {"params", "train tok/s", "activations", "state"})
    table.header.push_back(cost);

  for (const std::string& model : distinct(cells, [](const Cell& cell) { return cell.model; })) {
    std::vector<TableCell>& row = table.models.emplace_back();
    row.push_back({model});
    for (const TableColumn& column : columns) {
      TableCell& shown = row.emplace_back();
      for (const Cell& cell : cells)
        if (cell.model == model && column == TableColumn{cell.task, cell.eval_length})
          shown = table_cell(cell, metric);
    }
    for (TableCell& cost : costs(results, model)) row.push_back(std::move(cost));
  }
  if (metric.is_score) table.baselines = baseline_rows(cells, columns);
  table.legend = legend_of(table, metric);
  return table;
}

}  // namespace longhaul
