#include "harness/tables/ranking.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "harness/tables/summary.h"
#include "support/csv.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

// What a row scored on a task, by seed: the mean over the lengths at which that seed was tested.
using Scores = std::map<uint64_t, double>;

Scores scores_of(const std::vector<ResultCell>& cells, const Row& row, const std::string& task) {
  std::map<uint64_t, std::vector<double>> lengths;
  for (const ResultCell& cell : cells)
    if (cell.row == row && cell.task == task)
      for (const auto& [seed, score] : cell.scores) lengths[seed].push_back(score);
  Scores scores;
  for (const auto& [seed, values] : lengths) scores[seed] = describe(values).mean;
  return scores;
}

double mean(const Scores& scores) {
  std::vector<double> values;
  for (const auto& [seed, score] : scores) values.push_back(score);
  return describe(values).mean;
}

struct Wins {
  double won = 0;
  int64_t pairs = 0;

  void add(const Scores& own, const Scores& others) {
    for (const auto& [seed, score] : own)
      if (const auto other = others.find(seed); other != others.end()) {
        won += score > other->second ? 1 : score == other->second ? 0.5 : 0;
        ++pairs;
      }
  }
  double share() const { return pairs ? won / static_cast<double>(pairs) : 0.5; }
};

// Rows by tasks, whole: every row has scores on every task.
struct Block {
  std::vector<Row> rows;
  std::vector<std::string> tasks;
  std::vector<std::vector<Scores>> scores;  // [row][task]
};

Block whole_block(const Results& results) {
  const std::vector<ResultCell> cells = summarize(results);
  const auto tasks = distinct(cells, [](const ResultCell& cell) { return cell.task; });
  Block block;
  for (const Row& row : rows_of(results.trials)) {
    const auto has = [&](const std::string& task) {
      return std::any_of(cells.begin(), cells.end(), [&](const ResultCell& cell) {
        return cell.row == row && cell.task == task && !cell.scores.empty();
      });
    };
    // A score from elsewhere must not take tasks from the models that the suite compares.
    const bool counts = row.is_external ? std::all_of(tasks.begin(), tasks.end(), has)
                                        : std::any_of(tasks.begin(), tasks.end(), has);
    if (counts) block.rows.push_back(row);
  }
  block.scores.resize(block.rows.size());
  for (const std::string& task : tasks) {
    std::vector<Scores> column;
    for (const Row& row : block.rows) column.push_back(scores_of(cells, row, task));
    if (std::any_of(column.begin(), column.end(), [](const Scores& s) { return s.empty(); }))
      continue;
    block.tasks.push_back(task);
    for (std::size_t i = 0; i < column.size(); ++i) block.scores[i].push_back(column[i]);
  }
  return block;
}

std::vector<double> mean_ranks(const Block& block) {
  std::vector<double> sums(block.rows.size());
  for (std::size_t task = 0; task < block.tasks.size(); ++task) {
    std::vector<double> means;
    for (const std::vector<Scores>& row : block.scores) means.push_back(mean(row[task]));
    const std::vector<double> of_task = ranks(means);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_task[i];
  }
  for (double& sum : sums) sum /= static_cast<double>(block.tasks.size());
  return sums;
}

}  // namespace

Ranking rank_rows(const Results& results) {
  const Block block = whole_block(results);
  Ranking ranking;
  ranking.tasks = block.tasks;
  if (block.tasks.size() < 2 || block.rows.size() < 2) return ranking;

  const std::vector<double> means = mean_ranks(block);
  std::vector<std::size_t> order(means.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return means[a] < means[b]; });
  const auto count = static_cast<int64_t>(block.tasks.size());
  ranking.friedman_p = friedman_p(means, count);
  ranking.critical_difference = nemenyi_difference(static_cast<int64_t>(means.size()), count);
  for (const std::size_t i : order) {
    ranking.rows.push_back(block.rows[i].label);
    ranking.mean_ranks.push_back(means[i]);
    std::vector<double>& shares = ranking.wins.emplace_back();
    for (const std::size_t j : order) {
      Wins wins;
      for (std::size_t task = 0; task < block.tasks.size(); ++task)
        wins.add(block.scores[i][task], block.scores[j][task]);
      shares.push_back(wins.share());
    }
  }
  return ranking;
}

Table ranking_table(const Ranking& ranking) {
  Table table;
  table.title = fmt::format("mean rank over {} tasks, and wins in percent of task x seed pairs",
                            ranking.tasks.size());
  table.header = {"model", "rank"};
  std::vector<std::string> equals;
  for (std::size_t i = 0; i < ranking.rows.size(); ++i) {
    table.header.push_back(fmt::format("over {}", i + 1));
    std::vector<TableCell>& row = table.models.emplace_back();
    row.push_back({fmt::format("{} {}", i + 1, ranking.rows[i])});
    row.push_back({fmt::format("{:.2f}", ranking.mean_ranks[i])});
    for (std::size_t j = 0; j < ranking.rows.size(); ++j)
      row.push_back({i == j ? "-" : fmt::format("{:.0f}", 100 * ranking.wins[i][j])});
    if (i > 0 && ranking.mean_ranks[i] - ranking.mean_ranks[0] < ranking.critical_difference)
      equals.push_back(ranking.rows[i]);
  }
  table.legend = {
      fmt::format("p = {:.2g} if all models were equal (Friedman); critical difference of ranks: "
                  "{:.2f} (Nemenyi, 0.05)",
                  ranking.friedman_p, ranking.critical_difference),
      equals.empty() ? fmt::format("every other model differs from {}", ranking.rows[0])
                     : fmt::format("no difference shown from {}: {}", ranking.rows[0],
                                   fmt::join(equals, ", "))};
  return table;
}

namespace {

// A row of ranks.csv: one model among those that are compared.
struct RankRow {
  const Ranking& ranking;
  std::size_t model;
};

const std::vector<Column<RankRow>>& rank_table() {
  using R = const RankRow&;
  static const std::vector<Column<RankRow>> columns = {
      {"model", "label of the model in the table", [](R r) { return r.ranking.rows[r.model]; }},
      {"mean_rank", "mean over the tasks of its rank; 1 is best",
       [](R r) { return csv_text(r.ranking.mean_ranks[r.model]); }},
      {"models", "how many models were compared",
       [](R r) { return csv_text(r.ranking.rows.size()); }},
      {"tasks", "over how many tasks", [](R r) { return csv_text(r.ranking.tasks.size()); }},
      {"friedman_p", "p of Friedman's test that all models rank alike",
       [](R r) { return csv_text(r.ranking.friedman_p); }},
      {"critical_difference",
       "mean ranks that lie closer than this are not told apart (Nemenyi, 0.05)",
       [](R r) { return csv_text(r.ranking.critical_difference); }},
  };
  return columns;
}

// A row of wins.csv: a model against another.
struct WinRow {
  const Ranking& ranking;
  std::size_t model, opponent;
};

const std::vector<Column<WinRow>>& win_table() {
  using R = const WinRow&;
  static const std::vector<Column<WinRow>> columns = {
      {"model", "label of the model in the table", [](R r) { return r.ranking.rows[r.model]; }},
      {"opponent", "label of the model that it is compared with",
       [](R r) { return r.ranking.rows[r.opponent]; }},
      {"wins",
       "share of task x seed pairs in which `model` scored higher, 0 to 1; a tie is half a win",
       [](R r) { return csv_text(r.ranking.wins[r.model][r.opponent]); }},
  };
  return columns;
}

}  // namespace

std::string ranks_csv(const Results& results) {
  const Ranking ranking = rank_rows(results);
  if (!ranking.is_of_use()) return "";
  std::string csv = header(rank_table());
  for (std::size_t i = 0; i < ranking.rows.size(); ++i) csv += line(rank_table(), {ranking, i});
  return csv;
}

std::vector<ColumnInfo> ranks_columns() { return infos(rank_table()); }

std::string wins_csv(const Results& results) {
  const Ranking ranking = rank_rows(results);
  if (!ranking.is_of_use()) return "";
  std::string csv = header(win_table());
  for (std::size_t i = 0; i < ranking.rows.size(); ++i)
    for (std::size_t j = 0; j < ranking.rows.size(); ++j)
      if (i != j) csv += line(win_table(), {ranking, i, j});
  return csv;
}

std::vector<ColumnInfo> wins_columns() { return infos(win_table()); }

}  // namespace longhaul
