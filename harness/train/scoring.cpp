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

// Of the i-th metric, over all batches in their order.
Sums summed(const std::vector<Tally>& tallies, std::size_t i, const MetricInfo& metric) {
  Sums all;
  for (const Tally& tally : tallies) {
    const Sums& sums = tally.sums[i];
    if (&tally == &tallies.front()) all.resize(sums.size());
    require(sums.size() == all.size(), "metric '", metric.name, "' (", metric.origin, "): gives ",
            all.size(), " sums of one batch and ", sums.size(), " of another");
    for (std::size_t k = 0; k < all.size(); ++k) all[k] += sums[k];
  }
  return all;
}

}  // namespace

double Score::of(const std::string& metric) const {
  const auto found = values.find(metric);
  return found == values.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

Score evaluate(const Model& model, const std::vector<Batch>& batches,
               const std::vector<MetricInfo>& metrics) {
  const bool is_of_numbers = !batches.empty() && !batches.front().numbers.empty();
  std::vector<MetricInfo> suited;
  for (const MetricInfo& metric : metrics)
    if (metric.is_of_numbers == is_of_numbers) suited.push_back(metric);
  const std::vector<Tally> tallies = tally_all(model, batches, suited);
  Score score;
  for (const Tally& tally : tallies) score.unanswered += tally.unanswered;
  for (std::size_t i = 0; i < suited.size(); ++i)
    score.values[suited[i].name] = score.unanswered > 0
                                       ? std::numeric_limits<double>::quiet_NaN()
                                       : suited[i].value(summed(tallies, i, suited[i]));
  return score;
}

std::vector<MetricInfo> with_builtin_metrics(const std::vector<std::string>& asked,
                                             const Registry& registry) {
  std::vector<MetricInfo> metrics = Registry().metrics();
  for (const std::string& name : asked) metrics.push_back(registry.metric(name));
  return metrics;
}

}  // namespace longhaul
