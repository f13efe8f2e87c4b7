#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "harness/tables/results.h"
#include "support/statistics.h"
#include "support/values.h"

namespace longhaul {

// How a trial's model began, and what it was trained to lower.
std::string pretrain_of(const TrialSpec& spec);  // "none"
std::string loss_of(const TrialSpec& spec);      // "cross_entropy"

// A row of the table: a model as it was pretrained and trained. Its label says how where that
// differs within the results ("lru+masked", "lru+emo"), and marks scores that were made elsewhere
// ("gru (external)").
struct Row {
  std::string model, pretrain, loss;
  std::string label;
  bool is_external = false;
  bool holds(const TrialSpec& spec) const;
  bool operator==(const Row&) const = default;
};
std::vector<Row> rows_of(const std::vector<Trial>& trials);  // in the order of the trials

// One row on one task at one evaluation length, over its seeds. Numbers come from the trials that
// are `ok`, and scores from those whose test is too; without any, n is 0 and the optional ones are
// missing. A score that is not a number is none.
struct ResultCell {
  Row row;
  std::string task;
  int64_t eval_length = 0;
  std::vector<const Trial*> trials;   // all that the suite plans, in its order
  std::map<uint64_t, double> scores;  // test value by seed
  Statistics test;
  std::optional<Baselines> baselines;  // means over the trials
  bool at_baseline = false;
  std::optional<int64_t> rank;  // among the models of a column, 1 = highest mean, equal means share
  // Paired t-test against the best mean, Holm-corrected; none for the best.
  std::optional<double> p_vs_best;
};

// What a trial that went well found at an evaluation length, if it was tested there; it may be a
// test that did not go well.
const Evaluation* evaluation_at(const Trial& trial, int64_t eval_length);

// Every cell: rows, tasks in the order of the results, then lengths ascending. The cells point
// into `results`.
std::vector<ResultCell> summarize(const Results& results);

}  // namespace longhaul
