#pragma once

#include <string>
#include <vector>

#include "harness/results/store.h"
#include "harness/tables/table.h"
#include "support/columns.h"

namespace longhaul {

// The rows of a table compared over all of its tasks. A task that is tested at several lengths
// counts once, with the mean over them. Rows without any score are left out, and then tasks on
// which a row that is left has none: ranks need every row on every task. An external row
// (summary.h) that lacks a task is left out first.
struct Ranking {
  std::vector<std::string> rows;   // labels, best mean rank first
  std::vector<std::string> tasks;  // that count
  std::vector<double> mean_ranks;  // of the rows, 1 is best; equal means share a rank
  double friedman_p = 1;           // that all rank alike
  double critical_difference = 0;  // of mean ranks, Nemenyi at 0.05
  // wins[i][j]: the share of (task, seed) pairs, of those that both have, in which row i scored
  // higher than row j; a tie is half a win.
  std::vector<std::vector<double>> wins;

  bool is_of_use() const { return rows.size() >= 3 && tasks.size() >= 2; }
};

Ranking rank_rows(const Results& results);

// Mean ranks and wins side by side; not of a ranking that is of no use.
Table ranking_table(const Ranking& ranking);

// ranks.csv and wins.csv (docs/results/csv.md); "" where a ranking is of no use.
std::string ranks_csv(const Results& results);
std::vector<ColumnInfo> ranks_columns();
std::string wins_csv(const Results& results);
std::vector<ColumnInfo> wins_columns();

}  // namespace longhaul
