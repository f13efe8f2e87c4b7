#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness/settings/settings.h"
#include "longhaul/batch.h"
#include "longhaul/tensor.h"

namespace longhaul {

// What training minimises, of logits [N, classes] and the answers of N rows: weight * a sum over
// rows. Every lane calls it at once.
using Objective = std::function<Tensor(const Tensor& logits, const Batch& answers, float weight)>;

// What a loss may ask for beside logits and targets.
struct LossContext {
  const Settings& settings;  // loss_*
  Tensor head;  // [width, classes]: the model's class vectors as columns; undefined if none
  std::function<std::vector<double>()> class_shares;  // of each class in the training answers
};

struct LossInfo {
  std::string name;     // a value of the setting `loss`
  std::string formula;  // p: the softmax of the logits, t: the answer
  std::string source;   // author, year, where; "" if it needs none
  Objective (*make)(const LossContext& context);
  bool is_of_numbers = false;  // for the real answers of a regression, not for classes
};

// Why these settings do not suit answers that are classes, or real numbers (`is_regression`); "" if
// they do.
std::string answer_problem(const Settings& settings, bool is_regression);

// The one table of losses: a row, and a function if it needs one, are all that one consists of.
const std::vector<LossInfo>& losses();

}  // namespace longhaul
