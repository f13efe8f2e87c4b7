#include "harness/train/lanes.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <sstream>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/added_loss.h"
#include "math/memory.h"
#include "math/ops/losses.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "math/profile.h"

namespace longhaul {
namespace {

// What the curve shows, whatever is minimised.
Tensor plain_loss(const Tensor& outputs, const Batch& answers, float weight) {
  return answers.numbers.empty() ? cross_entropy(outputs, answers.targets, weight)
                                 : squared_error(outputs, answers.numbers, weight);
}

// A measurement as other processes read it: operations, then how many notes, and each of these.
std::string to_bytes(const Measurement& measured) {
  std::string bytes;
  const auto put = [&](const auto& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  put(measured.flops);
  put(measured.notes.size());
  for (const auto& [name, mean] : measured.notes) {
    put(name.size());
    bytes += name;
    put(mean);
  }
  return bytes;
}

// The one that begins at `at`, which is moved behind it.
Measurement measurement_from(const std::string& bytes, std::size_t& at) {
  const auto take = [&](auto& value) {
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    at += sizeof(value);
  };
  Measurement measured;
  std::size_t notes = 0, length = 0;
  take(measured.flops);
  take(notes);
  for (; notes > 0; --notes) {
    take(length);
    const std::string name = bytes.substr(at, length);
    at += length;
    take(measured.notes[name]);
  }
  return measured;
}

// 1 / scored positions of the whole batch.
float weight_of(const std::vector<Batch>& lane_batches) {
  int64_t scored = 0;
  for (const Batch& batch : lane_batches) scored += static_cast<int64_t>(batch.targets.size());
  return 1 / static_cast<float>(std::max<int64_t>(scored, 1));
}

// Positions of the longest lane, padding too.
int64_t longest(const std::vector<Batch>& lane_batches) {
  int64_t rows = 0;
  for (const Batch& batch : lane_batches) rows = std::max(rows, batch.size * batch.length);
  return rows;
}

// Of the scored positions of the whole batch, how many a lane has.
float share_of(const Batch& lane, float weight) {
  return weight * static_cast<float>(lane.targets.size());
}

}  // namespace

Lanes::Lanes(const Model& model, int64_t lanes, std::vector<int64_t> offsets, Objective objective)
    : model_(model),
      total_(offsets.back()),
      trained_(end_of_trained(model.parameters(), offsets)),
      own_(Ranks::all().share_of_lanes(lanes)),
      objective_(std::move(objective)),
      lane_results_(static_cast<std::size_t>(lanes)),
      lane_measured_(static_cast<std::size_t>(lanes)),
      lane_last_(static_cast<std::size_t>(lanes)) {
  const MemoryScope scope(Memory::optimizer);
  for (int64_t lane = own_.begin; lane < own_.end; ++lane) {
    slots_.emplace_back(Shape{total_});
    slot_pointers_.push_back(slots_.back().data());
  }
}

Lanes::Result Lanes::run(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) {
  assert(lane_batches.size() <= lane_results_.size());
  const float weight = weight_of(lane_batches);
  clear();
  const auto end = std::min(own_.end, static_cast<int64_t>(lane_batches.size()));
  for_lanes(std::max<int64_t>(end - own_.begin, 0), longest(lane_batches), [&](int64_t own) {
    const int64_t lane = own_.begin + own;
    lane_last_[lane].begin_step();
    const Batch& batch = lane_batches[lane];
    const Meter meter(lane_measured_[lane]);
    const LastStatesScope last(lane_last_[lane]);
    const Rng dropout(dropout_seed, "lane", static_cast<uint64_t>(lane));
    Tape tape(slot_pointers_[own]);
    const AddedLoss added;
    const Tensor logits = model_.forward(batch, &dropout);
    const Tensor plain = plain_loss(logits, batch, weight);
    const Tensor loss =
        added.to(objective_ ? objective_(logits, batch, weight) : plain, share_of(batch, weight));
    lane_results_[lane].plain_loss = plain.item();
    lane_results_[lane].objective = loss.item();
    tape.backward(loss);  // skips the plain loss where it is not what is minimised
  });

  gather();
  Result result;
  measured_.reset();
  for (std::size_t lane = 0; lane < lane_results_.size(); ++lane) {
    result.plain_loss += lane_results_[lane].plain_loss;
    result.objective += lane_results_[lane].objective;
    measured_.add(lane_measured_[lane]);
  }
  result.gradient_norm = sum_gradients();
  return result;
}

void Lanes::profile_operators(bool wanted) {
  const auto make = [&](Measurement& measured) {
    measured.profile.reset();
    if (wanted) measured.profile.emplace();
  };
  for (Measurement& measured : lane_measured_) make(measured);
  make(measured_);
}

// What the last run has left.
void Lanes::clear() {
  const int64_t own_lanes = own_.end - own_.begin;
  const ProfiledPart part("gradients", own_lanes * total_ * int64_t{sizeof(float)});
  parallel_for(own_lanes, 1, [&](int64_t own, int64_t) {
    std::fill_n(slot_pointers_[own], total_, 0.0f);
    lane_results_[own_.begin + own] = {};
    lane_measured_[own_.begin + own].reset();
  });
}

// Into the first slot, of all lanes; the norm of the sum.
double Lanes::sum_gradients() {
  const int64_t own_lanes = own_.end - own_.begin;
  const ProfiledPart part("gradients", (own_lanes + 1) * total_ * int64_t{sizeof(float)});
  if (Ranks::all().size() == 1) return longhaul::sum_gradients(slot_pointers_, total_, trained_);
  add_lanes(slot_pointers_, total_);
  Ranks::all().sum(slot_pointers_[0], total_);
  return longhaul::sum_gradients({slot_pointers_[0]}, total_, trained_);
}

// What the lanes of other processes came to.
void Lanes::gather() {
  const Ranks& ranks = Ranks::all();
  if (ranks.size() == 1) return;
  const auto results = lane_results_.begin();
  lane_results_ = ranks.gather(std::vector<Result>(results + own_.begin, results + own_.end));
  std::string own;
  for (int64_t lane = own_.begin; lane < own_.end; ++lane) own += to_bytes(lane_measured_[lane]);
  std::string all;
  for (const std::string& part : ranks.gather(own)) all += part;
  std::size_t at = 0;
  for (Measurement& measured : lane_measured_) measured = measurement_from(all, at);
}

std::vector<std::pair<std::string, Tensor>> Lanes::last_states() const {
  std::vector<std::pair<std::string, Tensor>> all;
  for (std::size_t lane = 0; lane < lane_last_.size(); ++lane)
    for (const auto& [layer, states] : lane_last_[lane].found())
      if (states.defined()) all.emplace_back(text(lane, "/", layer), states);
  return all;
}

void Lanes::resume_last_states(const std::map<std::string, Tensor>& stored,
                               const std::string& prefix) {
  for (const auto& [name, states] : stored) {
    if (!name.starts_with(prefix)) continue;
    std::istringstream place(name.substr(prefix.size()));
    std::size_t lane = 0;
    int64_t layer = 0;
    char slash = 0;
    place >> lane >> slash >> layer;
    lane_last_.at(lane).resume(layer, states);
  }
}

double Lanes::objective(const std::vector<Batch>& lane_batches, uint64_t dropout_seed) const {
  const float weight = weight_of(lane_batches);
  std::vector<double> parts(lane_batches.size());
  for_lanes(static_cast<int64_t>(parts.size()), longest(lane_batches), [&](int64_t lane) {
    const Batch& batch = lane_batches[lane];
    const Rng dropout(dropout_seed, "lane", static_cast<uint64_t>(lane));
    const AddedLoss added;
    const Tensor logits = model_.forward(batch, &dropout);
    const Tensor loss =
        objective_ ? objective_(logits, batch, weight) : plain_loss(logits, batch, weight);
    parts[lane] = added.to(loss, share_of(batch, weight)).item();
  });
  double sum = 0;
  for (const double part : parts) sum += part;
  return sum;
}

}  // namespace longhaul
