#pragma once

#include <cstdint>
#include <vector>

#include "longhaul/mixer.h"

namespace longhaul {

// How a step follows from the gradient g, elementwise, at rate lr. All of them decay weights apart
// from the gradient: w -= lr weight_decay w.
//   adamw     w -= lr m^ / (sqrt(s^) + epsilon), m and s the fading means of g and g^2, m^ and s^
//             corrected for their start (Loshchilov & Hutter 2019, arXiv:1711.05101)
//   sgd       m = momentum m + g, w -= lr m (Polyak 1964)
//   sign_sgd  w -= lr sign(g) (Bernstein et al. 2018, arXiv:1802.04434)
//   lion      w -= lr sign(beta1 m + (1 - beta1) g), then m = beta2 m + (1 - beta2) g
//             (Chen et al. 2023, arXiv:2302.06675)
enum class Rule { adamw, sgd, sign_sgd, lion };

struct OptimizerSpec {
  Rule rule = Rule::adamw;
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-8;
  double momentum = 0.9;
  double weight_decay = 0;
};

// Offsets (in floats) of each parameter in a flat array, each on a 64-byte border; the last entry
// is the total. Binds every parameter's gradient slot to its offset.
std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters);

// Parameters declare their own learning rate scale, decay and range. Gradients lie in one flat
// array at the offsets given by gradient_layout().
class Optimizer {
 public:
  Optimizer(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets,
            OptimizerSpec spec);

  // One step with `gradient` scaled by `factor` (clipping).
  void step(const float* gradient, double factor, double learning_rate);

 private:
  // The values of one parameter in a step: weights, gradient, and what the rule remembers.
  struct Slice {
    int64_t size;
    float* w;
    const float* g;
    float *mean, *square;
    float scale, keep, rate;
  };
  void move(const Slice& slice) const;  // by the rule
  void adamw(const Slice& slice) const;
  void sgd(const Slice& slice) const;
  void sign_sgd(const Slice& slice) const;
  void lion(const Slice& slice) const;

  std::vector<Parameter> parameters_;
  std::vector<int64_t> offsets_;
  OptimizerSpec spec_;
  Tensor mean_, square_;  // first and second moments, flat; empty where the rule has none
  int64_t steps_ = 0;
};

// Learning-rate factor at `fraction` (0 .. 1) of the budget: linear from 0 over the first `warmup`
// share, then half a cosine down to 0.
double warmup_cosine(double fraction, double warmup);

// Sums lane gradients [lanes][total] into the first by a fixed binary tree, (0+1)+(2+3) and so on,
// the same for any number of threads. Returns the norm of the sum.
double sum_gradients(const std::vector<float*>& lanes, int64_t total);

}  // namespace longhaul
