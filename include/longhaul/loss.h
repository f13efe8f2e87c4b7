#pragma once

#include <functional>
#include <string>
#include <vector>

#include "longhaul/batch.h"
#include "longhaul/tensor.h"

namespace longhaul {

// What training minimises, of logits [N, classes] and the answers of these N rows
// (Batch::targets, in [0, classes); of a regression Batch::numbers): weight * a sum over rows, one
// value that the tape can run back from. `weight` is 1 / scored rows of the whole batch. The lanes
// call it side by side, so it changes nothing that they share.
using Objective = std::function<Tensor(const Tensor& logits, const Batch& answers, float weight)>;

// What a loss may ask for as it is made: settings that it may read, and what they are trained with.
struct LossContext {
  double gamma = 0.1;          // loss_gamma, 0 .. 1
  double tau = 1;              // loss_tau, 0 .. 10
  double label_smoothing = 0;  // 0 .. 1
  bool is_head_fixed = true;   // loss_head: fixed
  bool is_mixed = true;        // loss_mix: cross_entropy
  Tensor head;  // [width, classes]: the model's class vectors as columns; undefined if none
  std::function<std::vector<double>()> class_shares;  // of each class in the training answers
};

struct LossInfo {
  std::string name;     // a value of the setting `loss`
  std::string formula;  // p: the softmax of the logits, t: the answer
  std::string source;   // author, year, where; "" if it needs none
  // Called once a trial, before its first step. Throws Error for settings that it cannot have.
  std::function<Objective(const LossContext& context)> make;
  bool is_of_numbers = false;  // for the real answers of a regression, not for classes
  std::string origin = {};     // "builtin" or the plugin's path; filled in by the registry
};

}  // namespace longhaul
