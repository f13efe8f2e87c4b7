#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "harness/model/model.h"
#include "longhaul/registry.h"

namespace longhaul {

// Scores of a model on examples of one kind, the same for any number of threads and processes.
struct Score {
  // Positions without an answer (rows_without_answer). With any, the others are not numbers.
  int64_t unanswered = 0;
  std::map<std::string, double> values;  // of each metric that suits the answers

  double of(const std::string& metric) const;  // not a number if it is not among them
};

// Scores a model on batches that need not be held together. Throws what a metric throws, and Error
// for one that gives more sums of one batch than of another.
class Scoring {
 public:
  // Keeps a reference to the model, and those of the metrics that suit the answers.
  Scoring(const Model& model, const std::vector<MetricInfo>& metrics, bool is_of_numbers);

  void add(const std::vector<Batch>& batches);  // in parallel over them
  Score score() const;                          // of all that were added

 private:
  const Model& model_;
  std::vector<MetricInfo> metrics_;
  std::vector<std::vector<double>> sums_;  // of each metric; none before the first answers
  int64_t unanswered_ = 0;
};

// Of batches that are held together.
Score evaluate(const Model& model, const std::vector<Batch>& batches,
               const std::vector<MetricInfo>& metrics = Registry().metrics());

// The built-in metrics, and those of the registry that are asked for by name.
std::vector<MetricInfo> with_builtin_metrics(const std::vector<std::string>& asked,
                                             const Registry& registry);

}  // namespace longhaul
