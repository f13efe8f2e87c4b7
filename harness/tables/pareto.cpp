#include "harness/tables/pareto.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/tables/metric.h"
#include "harness/throughput/throughput_table.h"

namespace longhaul {
namespace {

using Value = std::optional<double>;

Value median_of(const ResultCell& cell, const TrialValue& value) {
  std::vector<double> values;
  for (const Trial* trial : cell.trials)
    if (const Value found = value(*trial, cell.eval_length); found && *found > 0)
      values.push_back(*found);
  return values.empty() ? Value() : median(values);
}

const ThroughputRow* alone(const Results& results, const ResultCell& cell, Phase phase) {
  for (const ThroughputRow* row : headlines(results.throughput, phase))
    if (row->model == cell.row.model && row->ok()) return row;
  return nullptr;
}

Value train_speed(const Results& results, const ResultCell& cell) {
  if (const ThroughputRow* row = alone(results, cell, Phase::train))
    return row->tokens_per_second(0.5);
  return median_of(cell,
                   of_record("train_tokens_per_second", &TrialRecord::train_tokens_per_second));
}

Value decode_seconds(const Results& results, const ResultCell& cell) {
  const ThroughputRow* row = alone(results, cell, Phase::decode);
  return row ? Value(1 / row->tokens_per_second(0.5)) : Value();
}

Value state_of_cell(const Results&, const ResultCell& cell) {
  return median_of(cell, of_record("state_bytes", &TrialRecord::state_bytes));
}

Value flops(const Results&, const ResultCell& cell) {
  return median_of(cell, of_record("flops_per_token", &TrialRecord::flops_per_token));
}

struct Candidate {
  double score, value;
};

// Whether `a` is as good as `b` in both and better in one.
bool beats(const Candidate& a, const Candidate& b, bool less_is_better) {
  const double gain = less_is_better ? b.value - a.value : a.value - b.value;
  return a.score >= b.score && gain >= 0 && (a.score > b.score || gain > 0);
}

bool is_on_front(const Candidate& candidate, const std::vector<Candidate>& all,
                 bool less_is_better) {
  return std::none_of(all.begin(), all.end(), [&](const Candidate& other) {
    return beats(other, candidate, less_is_better);
  });
}

// A row's mean score and mean cost over all columns of the table, if it has both in each.
std::optional<Candidate> over_tasks(const Results& results, const std::vector<ResultCell>& cells,
                                    std::size_t columns, const Row& row, const Cost& cost) {
  std::vector<double> scores, values;
  for (const ResultCell& cell : cells) {
    if (!(cell.row == row)) continue;
    const Value value = cost.value(results, cell);
    if (cell.test.n == 0 || !value) return std::nullopt;
    scores.push_back(cell.test.mean);
    values.push_back(*value);
  }
  if (scores.empty() || scores.size() < columns) return std::nullopt;
  return Candidate{describe(scores).mean, describe(values).mean};
}

const std::vector<Column<ParetoPoint>>& pareto_table() {
  using P = const ParetoPoint&;
  static const std::vector<Column<ParetoPoint>> columns = {
      {"model", "label of the model in the table", [](P p) { return p.cell->row.label; }},
      {"task", "name of the task's entry in the suite", [](P p) { return p.cell->task; }},
      {"eval_length", "length of the test examples; 0: the task's own lengths",
       [](P p) { return csv_text(p.cell->eval_length); }},
      {"cost",
       "what the score is weighed against: `tokens_per_second` (training), `state_bytes`, "
       "`decode_seconds` (a token), `flops_per_token` (training)",
       [](P p) { return p.cost->name; }},
      {"score", "mean of test_value over the seeds", [](P p) { return csv_text(p.score); }},
      {"cost_value", "the cost: the median of the trials, or as measured alone in a `throughput:`",
       [](P p) { return csv_text(p.value); }, kMeasured},
      {"on_front",
       "true if no model of the task scores at least as high at no more cost, and is better in one "
       "of the two",
       [](P p) { return csv_text(p.is_on_front); }, kMeasured},
  };
  return columns;
}

}  // namespace

const std::vector<Cost>& pareto_costs() {
  static const std::vector<Cost> costs = {
      {"tokens_per_second", "training tokens/s", false, train_speed},
      {"state_bytes", "state", true, state_of_cell},
      {"decode_seconds", "decode time", true, decode_seconds},
      {"flops_per_token", "FLOPs per token", true, flops},
  };
  return costs;
}

std::vector<ParetoPoint> pareto_points(const Results& results,
                                       const std::vector<ResultCell>& cells) {
  std::vector<ParetoPoint> points;
  for (const Cost& cost : pareto_costs()) {
    const std::size_t first = points.size();
    for (const ResultCell& cell : cells)
      if (const Value value = cost.value(results, cell); value && cell.test.n > 0)
        points.push_back({&cell, &cost, cell.test.mean, *value, false});
    for (std::size_t i = first; i < points.size(); ++i) {
      std::vector<Candidate> rivals;
      for (std::size_t j = first; j < points.size(); ++j)
        if (points[j].cell->task == points[i].cell->task &&
            points[j].cell->eval_length == points[i].cell->eval_length)
          rivals.push_back({points[j].score, points[j].value});
      points[i].is_on_front =
          is_on_front({points[i].score, points[i].value}, rivals, cost.less_is_better);
    }
  }
  return points;
}

std::vector<std::string> pareto_lines(const Results& results,
                                      const std::vector<ResultCell>& cells) {
  const std::vector<Row> rows = rows_of(results.trials);
  const std::size_t columns = distinct(cells, [](const ResultCell& cell) {
                                return std::pair(cell.task, cell.eval_length);
                              }).size();
  std::vector<std::string> lines;
  for (const Cost& cost : pareto_costs()) {
    std::vector<std::string> labels, front;
    std::vector<Candidate> candidates;
    for (const Row& row : rows)
      if (const auto candidate = over_tasks(results, cells, columns, row, cost)) {
        labels.push_back(row.label);
        candidates.push_back(*candidate);
      }
    if (candidates.size() < 2) continue;
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (is_on_front(candidates[i], candidates, cost.less_is_better)) front.push_back(labels[i]);
    lines.push_back(fmt::format("Pareto front of accuracy and {}: {}", cost.description,
                                fmt::join(front, ", ")));
  }
  return lines;
}

std::string pareto_csv(const Results& results) {
  if (rows_of(results.trials).size() < 2) return "";
  const std::vector<ResultCell> cells = summarize(results);
  std::string csv = header(pareto_table());
  for (const ParetoPoint& point : pareto_points(results, cells)) csv += line(pareto_table(), point);
  return csv;
}

std::vector<ColumnInfo> pareto_columns() { return infos(pareto_table()); }

}  // namespace longhaul
