#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "harness/record/statistics.h"
#include "harness/record/store.h"

namespace longhaul {

// One model on one task at one evaluation length, over its seeds. Numbers come from the trials that
// are `ok`; without any, n is 0 and the optional ones are missing.
struct Cell {
  std::string model;
  std::string task;
  int64_t eval_length = 0;
  std::vector<const Trial*> trials;   // all that the suite plans, in its order
  std::map<uint64_t, double> scores;  // test value by seed
  Statistics test;
  std::optional<Baselines> baselines;  // means over the trials
  bool at_baseline = false;
  std::optional<int64_t> rank;  // among the models of a column, 1 = highest mean, equal means share
  std::optional<double>
      p_vs_best;  // paired t-test against the best mean, Holm-corrected; none for the best
};

// The score of a trial at an evaluation length, if it has one.
const Evaluation* evaluation_at(const Trial& trial, int64_t eval_length);

// Every cell: models, tasks in the order of the results, then lengths ascending. The cells point
// into `results`.
std::vector<Cell> summarize(const Results& results);

// The values of one column, in the order in which they come first.
template <class Row, class Key>
auto distinct(const std::vector<Row>& rows, Key&& key) {
  std::vector<std::decay_t<decltype(key(rows.front()))>> values;
  for (const Row& row : rows)
    if (std::find(values.begin(), values.end(), key(row)) == values.end())
      values.push_back(key(row));
  return values;
}

}  // namespace longhaul
