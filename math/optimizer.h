#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "longhaul/mixer.h"

namespace longhaul {

// What a step has of one parameter: `size` values each of its weights, of its gradient, and of the
// arrays that the optimizer keeps.
struct OptimizerSlice {
  int64_t size;
  float* w;
  const float* g;         // to be multiplied by `scale`, which clips
  float *first, *second;  // arrays that it keeps; null where it has none
  float scale;
  float decayed;  // w times this is the weight after decay
  float rate;
  float momentum;
  double beta1, beta2;
  int64_t step;           // from 1
  int64_t rows, columns;  // of a hidden matrix (ParameterGroup); else 0
};

// How a step follows from the gradient g, elementwise, at rate lr: w -= lr * `step`. All decay
// weights apart from the gradient: w -= lr * weight_decay * w.
struct OptimizerInfo {
  std::string name;
  std::string step;                // as a formula
  std::string source;              // author, year, where
  std::vector<std::string> keeps;  // from step to step, an array as large as the weights each
  void (*update)(OptimizerSlice slice);
  double beta2 = 0;  // where OptimizerSpec has none
};

// The one table of optimizers: a row and its update function are all that one consists of.
const std::vector<OptimizerInfo>& optimizers();

struct OptimizerSpec {
  std::string name = "adamw";  // Optimizer throws Error if there is none of that name
  double momentum = 0.9;
  double weight_decay = 0;
  double beta1 = 0.9;
  double beta2 = 0;  // 0: the optimizer's own
};

// Offsets (in floats) of each parameter in a flat array, each on a 64-byte border, statistics
// behind all others; the last entry is the total. Binds every parameter's gradient slot to its
// offset.
std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters);
// Where the first of the statistics stands: the total if there are none.
int64_t end_of_trained(const std::vector<Parameter>& parameters,
                       const std::vector<int64_t>& offsets);

// Parameters declare their own learning rate scale, decay and range. Gradients lie in one flat
// array at the offsets given by gradient_layout().
class Optimizer {
 public:
  Optimizer(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets,
            OptimizerSpec spec);

  // One step with `gradient` scaled by `factor` (clipping).
  void step(const float* gradient, double factor, double learning_rate);

  // What it keeps from step to step, flat, by the names of OptimizerInfo::keeps.
  std::map<std::string, Tensor> kept() const;
  void resume(int64_t steps) { steps_ = steps; }  // that were made, with kept() as they left it

 private:
  std::vector<Parameter> parameters_;
  std::vector<int64_t> offsets_;
  OptimizerSpec spec_;
  const OptimizerInfo& info_;
  std::vector<Tensor> kept_;  // flat, one for each of info_.keeps
  // What one thread steps at a time: a part of a parameter, or one whose values depend on each
  // other.
  struct Piece {
    std::size_t parameter;
    int64_t begin, end;
  };
  std::vector<Piece> pieces_;
  int64_t steps_ = 0;
};

// Sums lane gradients [lanes][total] into the first by a fixed binary tree, (0+1)+(2+3) and so on,
// the same for any number of threads. Returns the norm of the first `trained` of the sum: behind
// them statistics stand.
double sum_gradients(const std::vector<float*>& lanes, int64_t total, int64_t trained);
// The same without the norm, for lanes that are not all there are.
void add_lanes(const std::vector<float*>& lanes, int64_t total);

}  // namespace longhaul
