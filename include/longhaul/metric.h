#pragma once

#include <functional>
#include <string>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/tensor.h"

namespace longhaul {

enum class Better { higher, lower, neither };

// What answers are told by: a function of sums over the examples, so that they are scored batch by
// batch and never held together. The harness adds up what `sums` gives, in the order of the
// batches: a metric has the same bits for any number of threads and processes.
struct MetricInfo {
  std::string name;    // in a suite's `metrics:`, and in tables
  std::string about;   // as a formula
  std::string source;  // author, year, where; "" if it needs none
  // Of one batch: its logits [N, classes], one row for each scored position, all of them numbers,
  // and the answers of these rows (Batch::targets, in [0, classes); of a regression Batch::numbers
  // [N, classes]). An example is whole in its batch, with its rows side by side (Batch::rows). It
  // gives as many sums for every batch. Batches are scored side by side, so it changes nothing that
  // they share.
  std::function<std::vector<double>(const Tensor& logits, const Batch& answers)> sums;
  // Of the sums over all batches. What is not finite is told as "not a number".
  std::function<double(const std::vector<double>& sums)> value;
  Better better = Better::higher;
  bool is_of_numbers = false;  // for the real answers of a regression, not for classes
  std::string origin = {};     // "builtin" or the plugin's path; filled in by the registry
};

}  // namespace longhaul
