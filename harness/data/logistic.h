#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "longhaul/tensor.h"

namespace longhaul {

// Multinomial logistic regression: what a model scores that weighs features one by one. A linear
// layer on standardised features, fitted to all rows at once by AdamW; the same bits on every run,
// for any number of threads.
class LogisticRegression {
 public:
  // rows [n * features] row by row, targets [n] in 0 .. classes-1; n >= 1.
  LogisticRegression(const std::vector<float>& rows, const std::vector<int32_t>& targets,
                     int64_t features, int64_t classes);

  // The likeliest class, the first of equals; none where the scores are not numbers.
  std::optional<int32_t> answer(const std::vector<float>& row) const;

 private:
  Tensor standardised(const std::vector<float>& rows) const;

  int64_t features_;
  std::vector<float> mean_, inverse_deviation_;
  Tensor weight_, bias_;  // [features, classes], [classes]
};

}  // namespace longhaul
