#include "math/optimizer.h"

#include <cmath>
#include <numbers>

#include "math/memory.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 1 << 14;  // floats a thread takes at a time

Tensor moments(int64_t size) {
  const MemoryScope scope(Memory::optimizer);
  return Tensor(Shape{size});
}

}  // namespace

std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters) {
  std::vector<int64_t> offsets{0};
  for (const Parameter& parameter : parameters) {
    Tensor handle = parameter.value;
    handle.bind_gradient_slot(offsets.back());
    offsets.push_back(offsets.back() + (handle.size() + 15) / 16 * 16);
  }
  return offsets;
}

AdamW::AdamW(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets, AdamWSpec spec)
    : parameters_(parameters),
      offsets_(std::move(offsets)),
      spec_(spec),
      mean_(moments(offsets_.back())),
      square_(moments(offsets_.back())) {}

void AdamW::step(const float* gradient, double factor, double learning_rate) {
  ++steps_;
  const auto b1 = static_cast<float>(spec_.beta1), b2 = static_cast<float>(spec_.beta2);
  const auto unbias1 = static_cast<float>(1 / (1 - std::pow(spec_.beta1, steps_)));
  const auto unbias2 = static_cast<float>(1 / (1 - std::pow(spec_.beta2, steps_)));
  const auto epsilon = static_cast<float>(spec_.epsilon);
  parallel_for(static_cast<int64_t>(parameters_.size()), 1, [&](int64_t index, int64_t) {
    const Parameter& p = parameters_[index];
    const double rate = learning_rate * p.group.lr_scale;
    const auto lr = static_cast<float>(rate), scale = static_cast<float>(factor);
    const auto keep = static_cast<float>(1 - (p.group.decay ? rate * spec_.weight_decay : 0));
    float* w = p.value.data();
    const float* g = gradient + offsets_[index];
    float* m = mean_.data() + offsets_[index];
    float* s = square_.data() + offsets_[index];
    const int64_t n = p.value.size();
#pragma omp simd
    for (int64_t i = 0; i < n; ++i) {
      const float gi = scale * g[i];
      m[i] = b1 * m[i] + (1 - b1) * gi;
      s[i] = b2 * s[i] + (1 - b2) * gi * gi;
      w[i] = keep * w[i] - lr * (m[i] * unbias1) / (std::sqrt(s[i] * unbias2) + epsilon);
    }
  });
}

double warmup_cosine(double fraction, double warmup) {
  if (fraction < warmup) return fraction / warmup;
  if (fraction >= 1) return 0;
  return 0.5 * (1 + std::cos(std::numbers::pi * (fraction - warmup) / (1 - warmup)));
}

double sum_gradients(const std::vector<float*>& lanes, int64_t total) {
  const auto count = static_cast<int64_t>(lanes.size());
  std::vector<double, PoolAllocator<double>> squares(
      static_cast<std::size_t>((total + kChunk - 1) / kChunk));
  parallel_for(total, kChunk, [&](int64_t begin, int64_t end) {
    for (int64_t apart = 1; apart < count; apart *= 2)
      for (int64_t lane = 0; lane + apart < count; lane += 2 * apart) {
        float* to = lanes[lane];
        const float* from = lanes[lane + apart];
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) to[i] += from[i];
      }
    double square = 0;
    for (int64_t i = begin; i < end; ++i) square += double{lanes[0][i]} * double{lanes[0][i]};
    squares[static_cast<std::size_t>(begin / kChunk)] = square;
  });
  double square = 0;
  for (double part : squares) square += part;
  return std::sqrt(square);
}

}  // namespace longhaul
