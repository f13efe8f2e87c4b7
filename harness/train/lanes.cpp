#include "harness/train/lanes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "longhaul/ops.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kBins = 15;

// Of the positions whose answer the model gives a probability in the bin's range.
struct Bin {
  int64_t scored = 0, correct = 0;
  double probability = 0;  // sum
};

struct Tally {
  int64_t unanswered = 0;
  double loss = 0;
  std::array<Bin, kBins> bins;
};

Tally score(const Model& model, const Batch& batch) {
  const Tensor logits = model.forward(batch);
  const int64_t C = logits.dim(1);
  Tally tally;
  tally.unanswered = rows_without_answer(logits);
  if (tally.unanswered > 0) return tally;
  tally.loss = cross_entropy(logits, batch.targets).item();
  for (int64_t r = 0; r < logits.dim(0); ++r) {
    const float *row = logits.data() + r * C, *top = std::max_element(row, row + C);
    double total = 0;
    for (int64_t c = 0; c < C; ++c) total += double{vmath::exp(row[c] - *top)};
    const double probability = 1 / total;
    const auto place = static_cast<int64_t>(probability * kBins);
    Bin& bin = tally.bins[std::clamp<int64_t>(place, 0, kBins - 1)];
    ++bin.scored;
    bin.correct += top - row == batch.targets[r];
    bin.probability += probability;
  }
  return tally;
}

// 1 / scored positions of the whole batch.
float weight_of(const std::vector<Batch>& lane_batches) {
  int64_t scored = 0;
  for (const Batch& batch : lane_batches) scored += static_cast<int64_t>(batch.targets.size());
  return 1 / static_cast<float>(std::max<int64_t>(scored, 1));
}

}  // namespace

Lanes::Lanes(const Model& model, int64_t lanes, std::vector<int64_t> offsets, Objective objective)
    : model_(model),
      total_(offsets.back()),
      objective_(std::move(objective)),
      lane_results_(static_cast<std::size_t>(lanes)),
      lane_measured_(static_cast<std::size_t>(lanes)) {
  const MemoryScope scope(Memory::optimizer);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    slots_.emplace_back(Shape{total_});
    slot_pointers_.push_back(slots_.back().data());
  }
}

Lanes::Result Lanes::run(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) {
  assert(lane_batches.size() <= slots_.size());
  const float weight = weight_of(lane_batches);
  parallel_for(static_cast<int64_t>(slots_.size()), 1, [&](int64_t lane, int64_t) {
    std::fill_n(slot_pointers_[lane], total_, 0.0f);
    lane_results_[lane] = {};
    lane_measured_[lane].reset();
    if (lane >= static_cast<int64_t>(lane_batches.size())) return;
    const Batch& batch = lane_batches[lane];
    const Meter meter(lane_measured_[lane]);
    const Rng dropout(dropout_seed, "lane", static_cast<uint64_t>(lane));
    Tape tape(slot_pointers_[lane]);
    const Tensor logits = model_.forward(batch, &dropout);
    const Tensor cross = cross_entropy(logits, batch.targets, weight);
    const Tensor loss = objective_ ? objective_(logits, batch.targets, weight) : cross;
    lane_results_[lane].cross_entropy = cross.item();
    lane_results_[lane].objective = loss.item();
    tape.backward(loss);  // skips cross entropy where it is not the loss
  });

  Result result;
  measured_.reset();
  for (std::size_t lane = 0; lane < slots_.size(); ++lane) {
    result.cross_entropy += lane_results_[lane].cross_entropy;
    result.objective += lane_results_[lane].objective;
    measured_.add(lane_measured_[lane]);
  }
  result.gradient_norm = sum_gradients(slot_pointers_, total_);
  return result;
}

double Lanes::objective(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) const {
  const float weight = weight_of(lane_batches);
  std::vector<double> parts(lane_batches.size());
  parallel_for(static_cast<int64_t>(parts.size()), 1, [&](int64_t lane, int64_t) {
    const Batch& batch = lane_batches[lane];
    const Rng dropout(dropout_seed, "lane", static_cast<uint64_t>(lane));
    const Tensor logits = model_.forward(batch, &dropout);
    parts[lane] = (objective_ ? objective_(logits, batch.targets, weight)
                              : cross_entropy(logits, batch.targets, weight))
                      .item();
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

Score evaluate(const Model& model, const std::vector<Batch>& batches) {
  std::vector<Tally> tallies(batches.size());
  parallel_for(static_cast<int64_t>(batches.size()), 1,
               [&](int64_t i, int64_t) { tallies[i] = score(model, batches[i]); });
  int64_t correct = 0, scored = 0, unanswered = 0;
  for (const Tally& tally : tallies) unanswered += tally.unanswered;
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (unanswered > 0) return {kNone, kNone, kNone, unanswered};
  double loss = 0;
  double off = 0;  // how far the bins' probabilities are from what came true, in positions
  for (int64_t b = 0; b < kBins; ++b) {
    Bin bin;
    for (const Tally& tally : tallies) {
      bin.scored += tally.bins[b].scored;
      bin.correct += tally.bins[b].correct;
      bin.probability += tally.bins[b].probability;
    }
    scored += bin.scored;
    correct += bin.correct;
    off += std::abs(static_cast<double>(bin.correct) - bin.probability);
  }
  for (const Tally& tally : tallies) loss += tally.loss;
  const auto count = static_cast<double>(std::max<int64_t>(scored, 1));
  return {static_cast<double>(correct) / count, loss / count, off / count};
}

}  // namespace longhaul
