#pragma once

#include <string>
#include <utility>

#include "harness/settings/pretrainings.h"
#include "longhaul/task.h"

namespace longhaul {

// Self-pretraining (Amos, Berant & Gupta 2024, arXiv:2310.02980): a task's own inputs, without
// their answers, as a task of restoring what is hidden. Masked: each position is hidden with
// probability `share`, at least one is, and hidden ones are predicted from all the others. Ids: a
// hidden position holds one more id, the task's vocab(), and id i is class i - 1. Real numbers: it
// holds zeros, and one more channel says 1 where a position is hidden. Next: each position predicts
// the one after it.
//
// Real numbers are predicted as one of 32 equal bins between the least and the greatest value of
// 64 training examples, channels averaged; the original regresses them (L1).
class Pretext : public Task {
 public:
  // Training examples come from the stream that `seed` names, each with ever new masks. `restore`
  // is not Restore::nothing. `task` must outlive this.
  Pretext(const Task& task, Restore restore, double share, uint64_t seed);

  int version() const override { return task_.version(); }
  int64_t vocab() const override;
  int64_t channels() const override;
  int64_t classes() const override;
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return task_.max_length(); }
  Example draw(Rng& rng) const override { return task_.draw(rng); }
  int64_t count(Split split) const override;
  Example at(Split split, int64_t index) const override;

 private:
  std::vector<int32_t> answers(const Example& example) const;
  Example mask(Example example, std::vector<int32_t> answers, Rng rng) const;

  const Task& task_;
  Restore restore_;
  double share_;
  uint64_t seed_;
  float darkest_ = 0, brightest_ = 1;  // of the task's real numbers
};

}  // namespace longhaul
