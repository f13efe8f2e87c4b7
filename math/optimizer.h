#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "longhaul/mixer.h"
#include "longhaul/optimizer.h"

namespace longhaul {

// The table of built-in optimizers, which every Registry begins with: a row and its update function
// are all that one consists of. The first is adamw.
const std::vector<OptimizerInfo>& optimizers();

struct OptimizerSpec {
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
            OptimizerSpec spec, OptimizerInfo info = optimizers().front());

  // One step with `gradient` scaled by `factor` (clipping).
  void step(const float* gradient, double factor, double learning_rate);

  // What it keeps from step to step, flat, by the names of OptimizerInfo::keeps.
  std::map<std::string, Tensor> kept() const;
  void resume(int64_t steps) { steps_ = steps; }  // that were made, with kept() as they left it

 private:
  std::vector<Parameter> parameters_;
  std::vector<int64_t> offsets_;
  OptimizerSpec spec_;
  OptimizerInfo info_;
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
