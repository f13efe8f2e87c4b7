#pragma once

#include <string>
#include <vector>

#include "harness/model/model.h"

namespace longhaul {

// The tape's gradient of one parameter against central differences of the loss.
struct GradientCheck {
  std::string parameter;
  Shape shape;
  int64_t checked = 0;  // elements compared (at most 40, spread evenly; 4 under AddressSanitizer)
  double worst = 0;     // largest |tape - difference| over the largest gradient of the parameter
  bool ok = false;      // worst <= kGradientTolerance
};
constexpr double kGradientTolerance = 0.02;  // float32 differences of a deep model carry about 0.5%

// How many layers a small model needs so that every mixer of a hybrid is in it.
int64_t layers_to_check(const ModelInfo& model);

// Checks every parameter of `model` on `batch`.
std::vector<GradientCheck> check_gradients(const Model& model, const Batch& batch);

// A small batch of random tokens in [1, vocab) with random targets, lengths as given.
Batch random_batch(const Lengths& lengths, const TaskShape& task, uint64_t seed);

}  // namespace longhaul
