#include "harness/train/lanes.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

#include "harness/data/answer_spread.h"
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

constexpr int64_t kBins = 15;

// Of the positions whose answer the model gives a probability in the bin's range.
struct Bin {
  int64_t scored = 0, correct = 0;
  double probability = 0;  // sum
};

struct Tally {
  int64_t unanswered = 0;
  int64_t examples = 0, right_examples = 0;  // with a scored position; with all of them right
  double loss = 0;
  double absolute = 0;  // sum of absolute errors, of a regression
  std::array<Bin, kBins> bins;
};

// What a model is scored by, whatever was trained on.
Tensor plain_loss(const Tensor& outputs, const Batch& answers, float weight) {
  return answers.numbers.empty() ? cross_entropy(outputs, answers.targets, weight)
                                 : squared_error(outputs, answers.numbers, weight);
}

// Rows of an example stand side by side.
int64_t example_of(const Batch& batch, int64_t row) {
  return batch.rows.empty() ? row : batch.rows[row] / batch.length;
}

Tally score(const Model& model, const Batch& batch) {
  const Tensor logits = model.forward(batch);
  const int64_t C = logits.dim(1);
  Tally tally;
  tally.unanswered = rows_without_answer(logits);
  if (tally.unanswered > 0) return tally;
  tally.loss = plain_loss(logits, batch, 1).item();
  for (std::size_t i = 0; i < batch.numbers.size(); ++i)
    tally.absolute += std::abs(double{logits.data()[i]} - batch.numbers[i]);
  if (!batch.numbers.empty()) return tally;
  const Tensor shares = softmax(logits);
  int64_t example = -1;
  bool all_right = true;  // so far, in the example
  for (int64_t r = 0; r < logits.dim(0); ++r) {
    const float *row = logits.data() + r * C, *top = std::max_element(row, row + C);
    const double probability{shares.data()[r * C + (top - row)]};
    const auto place = static_cast<int64_t>(probability * kBins);
    Bin& bin = tally.bins[std::clamp<int64_t>(place, 0, kBins - 1)];
    const bool is_right = top - row == batch.targets[r];
    ++bin.scored;
    bin.correct += is_right;
    bin.probability += probability;
    if (const int64_t of = example_of(batch, r); of != example) {
      tally.right_examples += example >= 0 && all_right;
      ++tally.examples;
      example = of;
      all_right = true;
    }
    all_right &= is_right;
  }
  tally.right_examples += example >= 0 && all_right;
  return tally;
}

// Of every batch. Batches come by length, so that processes take them in turn.
std::vector<Tally> score_all(const Model& model, const std::vector<Batch>& batches) {
  const Ranks& ranks = Ranks::all();
  const auto count = static_cast<int64_t>(batches.size());
  const auto count_of = [&](int64_t rank) {
    return (count - rank + ranks.size() - 1) / ranks.size();
  };
  std::vector<Tally> own(static_cast<std::size_t>(count_of(ranks.rank())));
  parallel_for(static_cast<int64_t>(own.size()), 1, [&](int64_t i, int64_t) {
    own[i] = score(model, batches[ranks.rank() + i * ranks.size()]);
  });
  if (ranks.size() == 1) return own;
  const std::vector<Tally> gathered = ranks.gather(own);
  std::vector<Tally> all(batches.size());
  int64_t next = 0;
  for (int64_t rank = 0; rank < ranks.size(); ++rank)
    for (int64_t i = rank; i < count; i += ranks.size()) all[i] = gathered[next++];
  return all;
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

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Of a regression; loss and absolute error are sums over rows of means over an answer's numbers.
Score score_of_numbers(const std::vector<Batch>& batches, const std::vector<Tally>& tallies) {
  std::size_t rows = 0, numbers = 0;
  for (const Batch& batch : batches) {
    rows += batch.targets.size();
    numbers += batch.numbers.size();
  }
  const std::size_t outputs = numbers / rows;
  AnswerSpread answers(outputs);
  for (const Batch& batch : batches)
    for (std::size_t at = 0; at < batch.numbers.size(); at += outputs)
      answers.add(&batch.numbers[at]);
  double loss = 0, absolute = 0;
  for (const Tally& tally : tallies) {
    loss += tally.loss;
    absolute += tally.absolute;
  }
  Score score{answers.explained(loss * static_cast<double>(outputs)),
              loss / static_cast<double>(rows), kNone, kNone};
  score.absolute_error = absolute / static_cast<double>(numbers);
  return score;
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

Score evaluate(const Model& model, const std::vector<Batch>& batches) {
  const std::vector<Tally> tallies = score_all(model, batches);
  int64_t correct = 0, scored = 0, unanswered = 0, examples = 0, right_examples = 0;
  for (const Tally& tally : tallies) {
    unanswered += tally.unanswered;
    examples += tally.examples;
    right_examples += tally.right_examples;
  }
  if (unanswered > 0) return {kNone, kNone, kNone, kNone, unanswered};
  if (!batches.empty() && !batches.front().numbers.empty())
    return score_of_numbers(batches, tallies);
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
  const auto strings = static_cast<double>(std::max<int64_t>(examples, 1));
  return {static_cast<double>(correct) / count, loss / count,
          static_cast<double>(right_examples) / strings, off / count};
}

}  // namespace longhaul
