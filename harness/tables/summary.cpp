#include "harness/tables/summary.h"

#include <cmath>
#include <set>

namespace longhaul {
namespace {

// The lengths at which any trial of the task was scored; a task without scores has its own.
std::set<int64_t> lengths_of(const Results& results, const std::string& task) {
  std::set<int64_t> lengths;
  for (const Trial& trial : results.trials)
    if (trial.ok() && trial.spec.task_name == task)
      for (const Evaluation& evaluation : trial.record->evaluations)
        lengths.insert(evaluation.length);
  if (lengths.empty()) lengths.insert(0);
  return lengths;
}

ResultCell make_cell(const Results& results, const Row& row, const std::string& task,
                     int64_t eval_length) {
  ResultCell cell;
  cell.row = row;
  cell.task = task;
  cell.eval_length = eval_length;
  std::vector<double> values, chance, majority, shallow, bag_of_tokens;
  for (const Trial& trial : results.trials) {
    if (trial.spec.task_name != task || !row.holds(trial.spec)) continue;
    cell.trials.push_back(&trial);
    const Evaluation* evaluation = evaluation_at(trial, eval_length);
    if (!evaluation || !evaluation->ok() || std::isnan(evaluation->test)) continue;
    cell.scores[trial.spec.seed] = evaluation->test;
    values.push_back(evaluation->test);
    chance.push_back(evaluation->baselines.chance);
    majority.push_back(evaluation->baselines.majority);
    shallow.push_back(evaluation->baselines.shallow);
    if (const std::optional<double>& bag = evaluation->baselines.bag_of_tokens)
      bag_of_tokens.push_back(*bag);
  }
  cell.test = describe(values);
  if (values.empty()) return cell;
  cell.baselines = {describe(chance).mean, describe(majority).mean, describe(shallow).mean};
  if (!bag_of_tokens.empty()) cell.baselines->bag_of_tokens = describe(bag_of_tokens).mean;
  cell.at_baseline = is_at_baseline(cell.test, cell.baselines->best(),
                                    cell.trials.front()->spec.settings.test_examples);
  return cell;
}

std::optional<double> compare(const ResultCell& cell, const ResultCell& best) {
  std::vector<double> own, others;
  for (const auto& [seed, score] : cell.scores)
    if (const auto found = best.scores.find(seed); found != best.scores.end()) {
      own.push_back(score);
      others.push_back(found->second);
    }
  return paired_t_test(own, others);
}

// Ranks and p values of the models of one column of the table.
void rank(const std::vector<ResultCell*>& column) {
  const ResultCell* best = nullptr;
  for (ResultCell* cell : column) {
    if (cell->test.n == 0) continue;
    cell->rank = 1;
    for (const ResultCell* other : column)
      if (other->test.n > 0 && other->test.mean > cell->test.mean) ++*cell->rank;
    if (!best && cell->rank == 1) best = cell;
  }

  std::vector<ResultCell*> compared;
  std::vector<double> p_values;
  for (ResultCell* cell : column)
    if (best && cell != best)
      if (const std::optional<double> p = compare(*cell, *best)) {
        compared.push_back(cell);
        p_values.push_back(*p);
      }
  const std::vector<double> corrected = holm(p_values);
  for (std::size_t i = 0; i < compared.size(); ++i) compared[i]->p_vs_best = corrected[i];
}

}  // namespace

std::string pretrain_of(const TrialSpec& spec) { return spec.settings.pretrain; }

std::string loss_of(const TrialSpec& spec) { return spec.settings.loss; }

bool Row::holds(const TrialSpec& spec) const {
  return spec.model_name == model && pretrain_of(spec) == pretrain && loss_of(spec) == loss;
}

std::vector<Row> rows_of(const std::vector<Trial>& trials) {
  std::vector<Row> rows;
  std::set<std::string> pretrains, losses;
  for (const Trial& trial : trials) {
    if (std::any_of(rows.begin(), rows.end(), [&](const Row& r) { return r.holds(trial.spec); }))
      continue;
    const std::string pretrain = pretrain_of(trial.spec), loss = loss_of(trial.spec);
    const char* mark = trial.is_external ? " (external)" : "";
    rows.push_back(
        {trial.spec.model_name, pretrain, loss, trial.spec.model_name + mark, trial.is_external});
    pretrains.insert(pretrain);
    losses.insert(loss);
  }
  for (Row& row : rows) {
    if (pretrains.size() > 1 && row.pretrain != "none") row.label += "+" + row.pretrain;
    if (losses.size() > 1 && row.loss != "cross_entropy") row.label += "+" + row.loss;
  }
  return rows;
}

const Evaluation* evaluation_at(const Trial& trial, int64_t eval_length) {
  if (!trial.ok()) return nullptr;
  for (const Evaluation& evaluation : trial.record->evaluations)
    if (evaluation.length == eval_length) return &evaluation;
  return nullptr;
}

std::vector<ResultCell> summarize(const Results& results) {
  const auto tasks = distinct(results.trials, [](const Trial& t) { return t.spec.task_name; });
  std::vector<ResultCell> cells;
  for (const Row& row : rows_of(results.trials))
    for (const std::string& task : tasks)
      for (int64_t length : lengths_of(results, task)) {
        ResultCell cell = make_cell(results, row, task, length);
        if (!cell.trials.empty()) cells.push_back(std::move(cell));
      }

  for (const std::string& task : tasks)
    for (int64_t length : lengths_of(results, task)) {
      std::vector<ResultCell*> column;
      for (ResultCell& cell : cells)
        if (cell.task == task && cell.eval_length == length) column.push_back(&cell);
      rank(column);
    }
  return cells;
}

}  // namespace longhaul
