#include "harness/train/weight_average.h"

#include <algorithm>

#include "math/memory.h"

namespace longhaul {

WeightAverage::WeightAverage(const std::vector<Parameter>& parameters, double share)
    : parameters_(parameters), share_(share) {
  if (share_ == 0) return;
  const MemoryScope scope(Memory::optimizer);
  for (const Parameter& parameter : parameters) average_.push_back(parameter.value.clone());
}

void WeightAverage::add(int64_t step) {
  const auto t = static_cast<double>(step);
  const double kept = std::min(share_, (1 + t) / (10 + t));
  for (std::size_t i = 0; i < average_.size(); ++i) {
    float* average = average_[i].data();
    const float* now = parameters_[i].value.data();
    const int64_t size = average_[i].size();
    if (!parameters_[i].trained()) {
      std::copy_n(now, size, average);
      continue;
    }
    const auto part = static_cast<float>(1 - kept);
#pragma omp simd
    for (int64_t k = 0; k < size; ++k) average[k] += part * (now[k] - average[k]);
  }
}

void WeightAverage::swap() const {
  for (std::size_t i = 0; i < average_.size(); ++i)
    std::swap_ranges(average_[i].data(), average_[i].data() + average_[i].size(),
                     parameters_[i].value.data());
}

}  // namespace longhaul
