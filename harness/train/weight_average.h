#pragma once

#include <vector>

#include "longhaul/mixer.h"

namespace longhaul {

// The running average of a model's weights over training steps (Polyak & Juditsky 1992; fading:
// Morales-Brogat et al. 2024, arXiv:2411.18704). Step t keeps min(share, (1 + t) / (10 + t)) of it,
// so that the first weights are soon forgotten. What is not trained is not averaged.
class WeightAverage {
 public:
  WeightAverage(const std::vector<Parameter>& parameters, double share);  // 0: there is none

  void add(int64_t step);  // the weights after training step `step`, counted from 1
  void swap() const;       // the average and the weights: twice leaves all as it was
  const std::vector<Tensor>& values() const { return average_; }

 private:
  const std::vector<Parameter>& parameters_;
  double share_;
  std::vector<Tensor> average_;  // one a parameter, none without a share
};

}  // namespace longhaul
