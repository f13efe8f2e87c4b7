#include "harness/train/lanes.h"

#include <algorithm>
#include <cassert>

#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

struct Tally {
  int64_t right = 0, scored = 0;
  double loss = 0;
};

Tally score(const Model& model, const Batch& batch) {
  const Tensor logits = model.forward(batch);
  const int64_t C = logits.dim(1);
  Tally tally;
  tally.loss = cross_entropy(logits, batch.targets).item();
  tally.scored = logits.dim(0);
  for (int64_t r = 0; r < tally.scored; ++r) {
    const float* row = logits.data() + r * C;
    tally.right += std::max_element(row, row + C) - row == batch.targets[r];
  }
  return tally;
}

}  // namespace

Lanes::Lanes(const Model& model, int64_t lanes, std::vector<int64_t> offsets)
    : model_(model),
      total_(offsets.back()),
      losses_(static_cast<std::size_t>(lanes)),
      lane_measured_(static_cast<std::size_t>(lanes)) {
  const MemoryScope scope(Memory::optimizer);
  for (int64_t lane = 0; lane < lanes; ++lane) {
    slots_.emplace_back(Shape{total_});
    slot_pointers_.push_back(slots_.back().data());
  }
}

Lanes::Result Lanes::run(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) {
  assert(lane_batches.size() <= slots_.size());
  int64_t scored = 0;
  for (const Batch& batch : lane_batches) scored += static_cast<int64_t>(batch.targets.size());
  const float weight = 1 / static_cast<float>(std::max<int64_t>(scored, 1));

  parallel_for(static_cast<int64_t>(slots_.size()), 1, [&](int64_t lane, int64_t) {
    std::fill_n(slot_pointers_[lane], total_, 0.0f);
    losses_[lane] = 0;
    lane_measured_[lane].reset();
    if (lane >= static_cast<int64_t>(lane_batches.size())) return;
    const Batch& batch = lane_batches[lane];
    const Meter meter(lane_measured_[lane]);
    const Rng dropout(dropout_seed, "lane", static_cast<uint64_t>(lane));
    Tape tape(slot_pointers_[lane]);
    const Tensor loss = cross_entropy(model_.forward(batch, &dropout), batch.targets, weight);
    losses_[lane] = loss.item();
    tape.backward(loss);
  });

  Result result;
  measured_.reset();
  for (std::size_t lane = 0; lane < slots_.size(); ++lane) {
    result.loss += losses_[lane];
    measured_.add(lane_measured_[lane]);
  }
  result.gradient_norm = sum_gradients(slot_pointers_, total_);
  return result;
}

Score evaluate(const Model& model, const std::vector<Batch>& batches) {
  std::vector<Tally> tallies(batches.size());
  parallel_for(static_cast<int64_t>(batches.size()), 1,
               [&](int64_t i, int64_t) { tallies[i] = score(model, batches[i]); });
  Tally total;
  for (const Tally& tally : tallies) {
    total.right += tally.right;
    total.scored += tally.scored;
    total.loss += tally.loss;
  }
  const auto scored = static_cast<double>(std::max<int64_t>(total.scored, 1));
  return {static_cast<double>(total.right) / scored, total.loss / scored};
}

}  // namespace longhaul
