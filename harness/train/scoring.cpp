#include "harness/train/scoring.h"

#include <limits>

#include "longhaul/error.h"
#include "math/ops/losses.h"
#include "math/parallel.h"
#include "math/ranks.h"

namespace longhaul {
namespace {

using Sums = std::vector<double>;

// Of one batch; no sums where rows have no answer.
struct Tally {
  int64_t unanswered = 0;
  std::vector<Sums> sums;  // of each metric
};

Tally tally_of(const Model& model, const Batch& batch, const std::vector<MetricInfo>& metrics) {
  const Tensor logits = model.forward(batch);
  Tally tally;
  tally.unanswered = rows_without_answer(logits);
  if (tally.unanswered > 0) return tally;
  for (const MetricInfo& metric : metrics) tally.sums.push_back(metric.sums(logits, batch));
  return tally;
}

// Tallies as other processes read them: of each its `unanswered`, how many metrics it has, and of
// each how many sums, and these.
std::vector<double> to_numbers(const std::vector<Tally>& tallies) {
  std::vector<double> numbers;
  for (const Tally& tally : tallies) {
    numbers.push_back(static_cast<double>(tally.unanswered));
    numbers.push_back(static_cast<double>(tally.sums.size()));
    for (const Sums& sums : tally.sums) {
      numbers.push_back(static_cast<double>(sums.size()));
      numbers.insert(numbers.end(), sums.begin(), sums.end());
    }
  }
  return numbers;
}

// The one that begins at `at`, which is moved behind it.
Tally tally_from(std::vector<double>::const_iterator& at) {
  Tally tally;
  tally.unanswered = static_cast<int64_t>(*at++);
  tally.sums.resize(static_cast<std::size_t>(*at++));
  for (Sums& sums : tally.sums) {
    const auto count = static_cast<std::ptrdiff_t>(*at++);
    sums.assign(at, at + count);
    at += count;
  }
  return tally;
}

// Of every batch. Batches come by length, so that processes take them in turn.
std::vector<Tally> tally_all(const Model& model, const std::vector<Batch>& batches,
                             const std::vector<MetricInfo>& metrics) {
  const Ranks& ranks = Ranks::all();
  const auto count = static_cast<int64_t>(batches.size());
  const int64_t own_count = (count - ranks.rank() + ranks.size() - 1) / ranks.size();
  std::vector<Tally> own(static_cast<std::size_t>(own_count));
  parallel_for(own_count, 1, [&](int64_t i, int64_t) {
    own[i] = tally_of(model, batches[ranks.rank() + i * ranks.size()], metrics);
  });
  if (ranks.size() == 1) return own;
  const std::vector<double> gathered = ranks.gather(to_numbers(own));
  std::vector<Tally> all(batches.size());
  auto at = gathered.begin();
  for (int64_t rank = 0; rank < ranks.size(); ++rank)
    for (int64_t i = rank; i < count; i += ranks.size()) all[i] = tally_from(at);
  return all;
}

// Adds the sums of one more batch, in the order of the batches.
void add_sums(const Sums& sums, const MetricInfo& metric, Sums& all) {
  require(sums.size() == all.size(), "metric '", metric.name, "' (", metric.origin, "): gives ",
          all.size(), " sums of one batch and ", sums.size(), " of another");
  for (std::size_t k = 0; k < all.size(); ++k) all[k] += sums[k];
}

}  // namespace

double Score::of(const std::string& metric) const {
  const auto found = values.find(metric);
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Scoring::Scoring(const Model& model, const std::vector<MetricInfo>& metrics, bool is_of_numbers)
    : model_(model) {
  for (const MetricInfo& metric : metrics)
    if (metric.is_of_numbers == is_of_numbers) metrics_.push_back(metric);
}

void Scoring::add(const std::vector<Batch>& batches) {
  for (const Tally& tally : tally_all(model_, batches, metrics_)) {
    unanswered_ += tally.unanswered;
    if (tally.unanswered > 0) continue;
    if (sums_.empty())
      for (const Sums& sums : tally.sums) sums_.emplace_back(sums.size());
    for (std::size_t i = 0; i < metrics_.size(); ++i)
      add_sums(tally.sums[i], metrics_[i], sums_[i]);
  }
}

Score Scoring::score() const {
  Score score;
  score.unanswered = unanswered_;
  for (std::size_t i = 0; i < metrics_.size(); ++i)
    score.values[metrics_[i].name] = unanswered_ > 0 || sums_.empty()
                                         ? std::numeric_limits<double>::quiet_NaN()
                                         : metrics_[i].value(sums_[i]);
  return score;
}

Score evaluate(const Model& model, const std::vector<Batch>& batches,
               const std::vector<MetricInfo>& metrics) {
  Scoring scoring(model, metrics, !batches.empty() && !batches.front().numbers.empty());
  scoring.add(batches);
  return scoring.score();
}

std::vector<MetricInfo> with_builtin_metrics(const std::vector<std::string>& asked,
                                             const Registry& registry) {
  std::vector<MetricInfo> metrics = Registry().metrics();
  for (const std::string& name : asked) metrics.push_back(registry.metric(name));
  return metrics;
}

}  // namespace longhaul
