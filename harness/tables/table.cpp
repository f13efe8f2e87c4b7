#include "harness/tables/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/tables/cost_columns.h"
#include "harness/tables/metric.h"
#include "harness/tables/summary.h"

namespace longhaul {
namespace {

// Why a trial has no value in a cell: "out of memory", "waiting", "not a number"; "" if it has one,
// or was never to have one.
std::string fate(const Trial& trial, const ResultCell& cell, const Metric& metric) {
  const Evaluation* test = metric.at_each_length ? evaluation_at(trial, cell.eval_length) : nullptr;
  std::string word;
  if (!trial.record)
    word = "waiting";
  else if (!trial.ok())
    word = to_string(trial.record->status);
  else if (test && !test->ok())
    word = to_string(test->status);
  else if (const auto value = metric.value(trial, cell.eval_length); value && std::isnan(*value))
    word = kNotANumber;
  else if (!value)
    word = metric.missing;
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
  shown.number = statistics.mean;
  shown.number_half_width = statistics.half_width;
  // A count that every seed shares needs no interval; an accuracy of no spread is a finding.
  if (statistics.half_width && (metric.at_each_length || *statistics.half_width > 0))
    shown.half_width = metric.text(*statistics.half_width);
  shown.at_baseline = cell.at_baseline;
  return shown;
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
      TableCell& cell = row.emplace_back(TableCell{"-"});
      if (values.empty()) continue;
      cell.number = describe(values).mean;
      cell.value = percent_text(*cell.number);
    }
    row.resize(width);
    if (is_measured) rows.push_back(row);
  }
  return rows;
}

// How many settings `tune:` chose from, and where not all of them were tried to their end.
std::vector<std::string> tuning_legend(const Results& results) {
  int64_t settings = 1;
  for (const std::vector<Trial>* trials : {&results.trials, &results.tuning})
    for (const Trial& trial : *trials) settings = std::max(settings, trial.spec.tuning.trials);
  if (settings == 1) return {};
  std::set<std::string> fewer;
  for (const Trial& trial : results.trials)
    if (trial.spec.tuning.trials < settings)
      fewer.insert(fmt::format("{} on {} from {}", trial.spec.model_name, trial.spec.task_name,
                               trial.spec.tuning.trials));
  std::vector<std::string> lines = {
      fmt::format("each model was tuned on each task: the best of {} settings on validation, by "
                  "the first seed",
                  settings)};
  if (!fewer.empty())
    lines.push_back(
        fmt::format("not every setting was tried to its end, so fewer were chosen from: {}",
                    fmt::join(fewer, ", ")));
  return lines;
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
  if (metric.has_baselines)
    legend.push_back(
        fmt::format("chance, majority, shallow{}: scores of rules without a sequence model on the "
                    "same test examples",
                    has_bag ? ", bag_of_tokens" : ""));
  if (std::any_of(results.trials.begin(), results.trials.end(),
                  [](const Trial& trial) { return trial.is_external; }))
    legend.push_back(
        "(external): scores that were made elsewhere and added; nothing checks their budget");
  for (std::string& line : tuning_legend(results)) legend.push_back(std::move(line));
  legend.push_back(cost_legend(results));
  return legend;
}

// Marks the best cells of each column of scores: all that share the best value.
void mark_best(Table& table, Better better) {
  const double sign = better == Better::lower ? -1 : 1;
  for (std::size_t i = 1; i <= table.scores && better != Better::neither; ++i) {
    std::vector<double> values;
    for (const auto& row : table.models)
      if (row[i].number) values.push_back(sign * *row[i].number);
    if (values.size() < 2) continue;
    const double best = *std::max_element(values.begin(), values.end());
    for (auto& row : table.models) row[i].is_best = row[i].number && sign * *row[i].number == best;
  }
}

}  // namespace

Table make_table(const Results& results, const std::string& metric_name) {
  const Metric metric = find_metric(results, metric_name);
  const std::vector<ResultCell> cells = summarize(results);
  const std::vector<TableColumn> columns = table_columns(cells, metric.at_each_length);

  Table table;
  const std::string suite = results.trials.empty() ? "" : results.trials.front().spec.suite;
  table.title = fmt::format("{}{}{}, mean ±half-width of the 95% interval over seeds", suite,
                            suite.empty() ? "" : ": ", metric.title);
  table.header = {"model"};
  for (const TableColumn& column : columns)
    table.header.push_back(column.eval_length == 0 || !metric.at_each_length
                               ? column.task
                               : fmt::format("{} @{}", column.task, column.eval_length));
  table.scores = columns.size();
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
  if (metric.has_baselines) table.baselines = baseline_rows(cells, columns, table.header.size());
  mark_best(table, metric.better);
  table.legend = legend_of(table, metric, results);
  return table;
}

}  // namespace longhaul
