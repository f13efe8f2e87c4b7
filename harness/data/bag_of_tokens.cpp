#include "harness/data/bag_of_tokens.h"

#include <cmath>

namespace longhaul {
namespace {

constexpr int64_t kMostAnswers = 4000;

std::vector<float> shares(const std::vector<int32_t>& tokens, int64_t vocab) {
  std::vector<float> share(static_cast<std::size_t>(vocab));
  for (int32_t token : tokens) share[token] += 1 / static_cast<float>(tokens.size());
  return share;
}

std::vector<float> moments(const std::vector<float>& values, int64_t channels) {
  std::vector<float> mean(static_cast<std::size_t>(2 * channels));
  const auto positions = static_cast<float>(values.size()) / static_cast<float>(channels);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t channel = i % static_cast<std::size_t>(channels);
    mean[2 * channel] += values[i] / positions;
    mean[2 * channel + 1] += values[i] * values[i] / positions;
  }
  return mean;
}

}  // namespace

std::vector<float> BagOfTokens::features(const Example& example) const {
  if (task_.channels() > 0) return moments(example.values, task_.channels());
  std::vector<float> row = shares(example.tokens, task_.vocab());
  if (task_.readout() != Readout::pair) return row;
  const std::vector<float> second = shares(example.second, task_.vocab());
  row.insert(row.end(), second.begin(), second.end());
  for (std::size_t id = 0; id < second.size(); ++id) row.push_back(std::abs(row[id] - second[id]));
  return row;
}

void BagOfTokens::add(const Example& example, int32_t target) {
  if (static_cast<int64_t>(targets_.size()) == kMostAnswers) return;
  const std::vector<float> row = features(example);
  rows_.insert(rows_.end(), row.begin(), row.end());
  targets_.push_back(target);
}

void BagOfTokens::fit() {
  const auto count = static_cast<int64_t>(targets_.size());
  regression_ = std::make_unique<LogisticRegression>(
      rows_, targets_, static_cast<int64_t>(rows_.size()) / count, task_.classes());
}

std::optional<int32_t> BagOfTokens::answer(const Example& example) const {
  return regression_->answer(features(example));
}

}  // namespace longhaul
