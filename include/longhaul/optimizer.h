#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace longhaul {

constexpr std::size_t kMostArraysKept = 3;

// What a step has of one parameter: `size` values each of its weights, of its gradient, and of the
// arrays that the optimizer keeps.
struct OptimizerSlice {
  int64_t size;
  float* w;
  const float* g;                 // to be multiplied by `scale`, which clips
  float *first, *second, *third;  // arrays that it keeps; null where it has none
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
  std::string name;    // a value of the setting `optimizer`
  std::string step;    // as a formula
  std::string source;  // author, year, where
  // What it keeps from step to step, kMostArraysKept at most: an array as large as the weights
  // each, 0 at first, stored to resume a trial.
  std::vector<std::string> keeps;
  // Changes w and what is kept. Called once a step for every parameter, of several parameters side
  // by side: a function of the slice alone, it has the same bits for any number of threads.
  void (*update)(OptimizerSlice slice);
  double beta2 = 0;         // where the setting beta2 is 0
  std::string origin = {};  // "builtin" or the plugin's path; filled in by the registry
};

}  // namespace longhaul
