#pragma once

#include <cstdint>
#include <string>

#include "longhaul/task.h"

namespace longhaul {

// What in_context_recall.cpp and noisy_recall.cpp share: key-value pairs with pairs of noise among
// them; the value of a key that was seen before is to be answered at the key.
class RecallPairs : public Task {
 public:
  int64_t vocab() const override { return 1 + shape_.keys + shape_.values + shape_.noise; }
  int64_t classes() const override { return shape_.values; }
  Readout readout() const override { return Readout::token; }
  int64_t max_length() const override { return shape_.length; }
  Example draw(Rng& rng) const override;
  OptionMap at_length(int64_t length) const override;
  // By the values shown so far alone: the commonest of them, whatever the key.
  Shallow shallow(const Example& example, int64_t t) const override;
  std::string show(const Example& example) const override;

 protected:
  // Ids: keys from 1, then values, then noise.
  struct Shape {
    int64_t length;  // even
    int32_t keys, values, noise;
    double noise_share;  // of pairs
  };

  static std::string complaint(int64_t length);  // what is wrong with it, or ""

  Shape shape_{};
};

}  // namespace longhaul
