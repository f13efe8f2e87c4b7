#include "harness/tables/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/tables/spec_difference.h"
#include "harness/tables/summary.h"

namespace longhaul {
namespace {

using Lines = std::vector<std::string>;
using BySeed = std::map<uint64_t, double>;

std::string column_of(const ResultCell& cell, const Metric& metric) {
  return metric.at_each_length && cell.eval_length > 0
             ? fmt::format("{} @{}", cell.task, cell.eval_length)
             : cell.task;
}

std::string name_of(const ResultCell& cell, const Metric& metric) {
  return fmt::format("{} on {}", cell.row.label, column_of(cell, metric));
}

bool is_same_cell(const ResultCell& a, const ResultCell& b) {
  return a.row.model == b.row.model && a.row.pretrain == b.row.pretrain &&
         a.row.loss == b.row.loss && a.task == b.task && a.eval_length == b.eval_length;
}

// The cells that the metric tells apart: all lengths have the same training time.
std::vector<ResultCell> cells_of(const Results& results, const Metric& metric) {
  std::vector<ResultCell> cells;
  for (ResultCell& cell : summarize(results)) {
    const bool is_known = !metric.at_each_length && !cells.empty() &&
                          cells.back().row == cell.row && cells.back().task == cell.task;
    if (!is_known) cells.push_back(std::move(cell));
  }
  return cells;
}

const ResultCell* find(const std::vector<ResultCell>& cells, const ResultCell& like) {
  for (const ResultCell& cell : cells)
    if (is_same_cell(cell, like)) return &cell;
  return nullptr;
}

BySeed values_of(const ResultCell& cell, const Metric& metric) {
  BySeed values;
  for (const Trial* trial : cell.trials)
    if (const auto value = metric.value(*trial, cell.eval_length); value && std::isfinite(*value))
      values[trial->spec.seed] = *value;
  return values;
}

// What became of the seeds of `cell` that went well elsewhere and have no value here.
std::string losses_text(const ResultCell& cell, const BySeed& own, const BySeed& others,
                        const char* where, const Metric& metric, bool& is_failure) {
  std::map<std::string, int> fates;
  for (const Trial* trial : cell.trials) {
    const uint64_t seed = trial->spec.seed;
    if (own.count(seed) || !others.count(seed)) continue;
    const Evaluation* test = evaluation_at(*trial, metric.at_each_length ? cell.eval_length : 0);
    std::string word = !trial->record        ? "waiting"
                       : !trial->ok()        ? to_string(trial->record->status)
                       : test && !test->ok() ? to_string(test->status)
                                             : kNotANumber;
    std::replace(word.begin(), word.end(), '_', ' ');
    is_failure |= word != "waiting";
    ++fates[word];
  }
  Lines parts;
  for (const auto& [word, count] : fates)
    parts.push_back(fmt::format("{} of {} {} in {}", count, cell.trials.size(), word, where));
  return fmt::format("{}", fmt::join(parts, ", "));
}

bool fell(const Paired& paired, const Metric& metric, double threshold) {
  if (paired.n == 0 || metric.better == Better::neither) return false;
  const double loss = metric.better == Better::higher ? -paired.difference : paired.difference;
  const double scale = metric.is_share ? 1 : std::abs(paired.before);
  return loss > threshold / 100 * scale;
}

ComparedCell compared(const ResultCell& before, const ResultCell& after, const Metric& metric,
                      double threshold) {
  const BySeed first = values_of(before, metric), second = values_of(after, metric);
  ComparedCell cell{before.row.label, column_of(before, metric), pair_by_seed(first, second), ""};
  bool failed_before = false, fails_now = false;
  Lines remarks = {losses_text(before, first, second, "A", metric, failed_before),
                   losses_text(after, second, first, "B", metric, fails_now)};
  std::erase(remarks, "");
  if (remarks.empty() && cell.paired.n == 0) remarks.push_back("no seed has a value in both");
  cell.remark = fmt::format("{}", fmt::join(remarks, ", "));
  cell.is_worse = fell(cell.paired, metric, threshold) || fails_now;
  return cell;
}

// "builds differ: a in A, b in B", if they do.
void add_difference(Lines& lines, const char* what, const Results& before, const Results& after,
                    std::string TrialRecord::*member) {
  const auto all = [&](const Results& results) {
    std::set<std::string> values;
    for (const Trial& trial : results.trials)
      if (trial.record && !((*trial.record).*member).empty())
        values.insert((*trial.record).*member);
    return values;
  };
  const std::set<std::string> a = all(before), b = all(after);
  if (a == b) return;
  const auto shown = [](const std::set<std::string>& values) {
    return values.empty() ? std::string("not known") : fmt::format("{}", fmt::join(values, ", "));
  };
  lines.push_back(fmt::format("{} differ: {} in A, {} in B", what, shown(a), shown(b)));
}

bool is_same_place(const Trial& a, const Trial& b) {
  return a.spec.seed == b.spec.seed && a.spec.model_name == b.spec.model_name &&
         a.spec.task_name == b.spec.task_name && pretrain_of(a.spec) == pretrain_of(b.spec) &&
         loss_of(a.spec) == loss_of(b.spec);
}

// What the specs of the same cells and seeds have in another way, and in how many trials. A
// results.csv alone does not hold them, but its versions of tasks and its ids.
Lines spec_lines(const Results& before, const Results& after) {
  std::map<std::string, int> counts;
  for (const Trial& a : before.trials)
    for (const Trial& b : after.trials) {
      if (!is_same_place(a, b) || !a.has_folder() || !b.has_folder()) continue;
      const bool has_specs = !a.spec.task_options.empty() && !b.spec.task_options.empty();
      if (a.spec.task_version != b.spec.task_version)
        ++counts[fmt::format("data differ: version {} of task {} in A, {} in B",
                             a.spec.task_version, a.spec.task_name, b.spec.task_version)];
      else if (a.spec.task_data != b.spec.task_data)
        ++counts[fmt::format("data differ: the files of task {}", a.spec.task_name)];
      else if (a.id != b.id && !has_specs)
        ++counts["the ids of trials differ, so their settings or data may"];
      if (has_specs && a.id != b.id)
        for (const std::string& line : spec_differences(a.spec, b.spec))
          ++counts["settings differ: " + line];
    }
  Lines lines;
  for (const auto& [line, count] : counts)
    lines.push_back(fmt::format("{} ({} trial{})", line, count, count == 1 ? "" : "s"));
  return lines;
}

std::string signed_text(double value, const Metric& metric) {
  return (value > 0 ? "+" : value < 0 ? "-" : "") + metric.text(std::abs(value));
}

TableCell number(std::string text, std::optional<double> value) {
  TableCell cell{std::move(text)};
  cell.number = value;
  return cell;
}

}  // namespace

int64_t Comparison::worse() const {
  return std::count_if(cells.begin(), cells.end(), [](const auto& cell) { return cell.is_worse; });
}

Comparison compare_results(const Results& before, const Results& after, const std::string& metric,
                           double threshold) {
  Comparison comparison{find_metric(before, metric), threshold, {}, {}, {}};
  const std::vector<ResultCell> first = cells_of(before, comparison.metric);
  const std::vector<ResultCell> second = cells_of(after, comparison.metric);
  for (const ResultCell& cell : first)
    if (const ResultCell* other = find(second, cell))
      comparison.cells.push_back(compared(cell, *other, comparison.metric, threshold));
    else
      comparison.only.push_back("in A alone: " + name_of(cell, comparison.metric));
  for (const ResultCell& cell : second)
    if (!find(first, cell))
      comparison.only.push_back("in B alone: " + name_of(cell, comparison.metric));
  Lines& lines = comparison.differences;
  add_difference(lines, "versions", before, after, &TrialRecord::version);
  add_difference(lines, "builds", before, after, &TrialRecord::build);
  add_difference(lines, "processors", before, after, &TrialRecord::cpu);
  const Lines specs = spec_lines(before, after);
  lines.insert(lines.end(), specs.begin(), specs.end());
  return comparison;
}

Table comparison_table(const Comparison& comparison) {
  const Metric& metric = comparison.metric;
  Table table;
  table.title = fmt::format("{}: A, B, and B less A over the seeds that both have", metric.title);
  table.header = {"cell", "A", "B", "difference", "p", "n", "verdict"};
  for (const ComparedCell& cell : comparison.cells) {
    const Paired& paired = cell.paired;
    std::vector<TableCell>& row = table.models.emplace_back();
    row.push_back({cell.model + " " + cell.task});
    if (paired.n == 0) {
      row.insert(row.end(), 4, TableCell{"-"});
    } else {
      row.push_back(number(metric.text(paired.before), paired.before));
      row.push_back(number(metric.text(paired.after), paired.after));
      TableCell difference = number(signed_text(paired.difference, metric), paired.difference);
      if (paired.half_width) difference.half_width = metric.text(*paired.half_width);
      difference.number_half_width = paired.half_width;
      row.push_back(difference);
      row.push_back(paired.p ? number(fmt::format("{:.2g}", *paired.p), paired.p) : TableCell{"-"});
    }
    row.push_back(number(std::to_string(paired.n), static_cast<double>(paired.n)));
    row.push_back({cell.is_worse ? "worse" : "-", "", cell.remark});
  }
  table.legend.push_back("difference: mean ±half-width of its 95% interval, and p, paired by seed");
  if (metric.better == Better::neither)
    table.legend.push_back("neither more nor less of it is better: no cell is worse");
  else
    table.legend.push_back(fmt::format(
        "worse: B is worse by more than {:g}{}, or a seed that went well in A fails in B",
        comparison.threshold, metric.is_share ? " percentage points" : "% of A"));
  return table;
}

}  // namespace longhaul
