#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/mixer.h"

namespace longhaul {

// AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) over parameters that declare their own
// learning rate scale and decay. Gradients lie in one flat array at the offsets given by
// gradient_layout().
struct AdamWSpec {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double weight_decay = 0;
};

// Offsets (in floats) of each parameter in a flat array, each on a 64-byte border; the last entry
// is the total. Binds every parameter's gradient slot to its offset.
std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters);

class AdamW {
 public:
  AdamW(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets, AdamWSpec spec);

  // One step with `gradient` scaled by `factor` (clipping).
  void step(const float* gradient, double factor, double learning_rate);

 private:
  std::vector<Parameter> parameters_;
  std::vector<int64_t> offsets_;
  AdamWSpec spec_;
  Tensor mean_, square_;  // first and second moments, flat
  int64_t steps_ = 0;
};

// Learning-rate factor at `fraction` (0 .. 1) of the budget: linear from 0 over the first `warmup`
// share, then half a cosine down to 0.
double warmup_cosine(double fraction, double warmup);

// Sums lane gradients [lanes][total] into the first by a fixed binary tree, (0+1)+(2+3) and so on,
// the same for any number of threads. Returns the norm of the sum.
double sum_gradients(const std::vector<float*>& lanes, int64_t total);

}  // namespace longhaul
