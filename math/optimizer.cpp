#include "math/optimizer.h"

#include <cmath>
#include <numbers>

#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 1 << 14;  // floats a thread takes at a time

Tensor moments(int64_t size) {
  const MemoryScope scope(Memory::optimizer);
  return Tensor(Shape{size});
}

float sign(float x) { return vmath::select(x > 0, 1.0f, vmath::select(x < 0, -1.0f, 0.0f)); }

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

Optimizer::Optimizer(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets,
                     OptimizerSpec spec)
    : parameters_(parameters),
      offsets_(std::move(offsets)),
      spec_(spec),
      mean_(moments(spec.rule == Rule::sign_sgd ? 0 : offsets_.back())),
      square_(moments(spec.rule == Rule::adamw ? offsets_.back() : 0)) {}

void Optimizer::step(const float* gradient, double factor, double learning_rate) {
  ++steps_;
  parallel_for(static_cast<int64_t>(parameters_.size()), 1, [&](int64_t index, int64_t) {
    const Parameter& p = parameters_[index];
    const double rate = learning_rate * p.group.lr_scale;
    const int64_t offset = offsets_[index];
    const Slice slice{
        .size = p.value.size(),
        .w = p.value.data(),
        .g = gradient + offset,
        .mean = mean_.size() ? mean_.data() + offset : nullptr,
        .square = square_.size() ? square_.data() + offset : nullptr,
        .scale = static_cast<float>(factor),
        .keep = static_cast<float>(1 - (p.group.decay ? rate * spec_.weight_decay : 0)),
        .rate = static_cast<float>(rate)};
    move(slice);
    p.hold_in_range();
  });
}

void Optimizer::move(const Slice& slice) const {
  switch (spec_.rule) {
    case Rule::adamw:
      return adamw(slice);
    case Rule::sgd:
      return sgd(slice);
    case Rule::sign_sgd:
      return sign_sgd(slice);
    case Rule::lion:
      return lion(slice);
  }
}

void Optimizer::adamw(const Slice& slice) const {
  const auto b1 = static_cast<float>(spec_.beta1), b2 = static_cast<float>(spec_.beta2);
  const auto unbias1 = static_cast<float>(1 / (1 - std::pow(spec_.beta1, steps_)));
  const auto unbias2 = static_cast<float>(1 / (1 - std::pow(spec_.beta2, steps_)));
  const auto epsilon = static_cast<float>(spec_.epsilon);
  const auto [n, w, g, m, s, scale, keep, rate] = slice;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float gi = scale * g[i];
    m[i] = b1 * m[i] + (1 - b1) * gi;
    s[i] = b2 * s[i] + (1 - b2) * gi * gi;
    w[i] = keep * w[i] - rate * (m[i] * unbias1) / (std::sqrt(s[i] * unbias2) + epsilon);
  }
}

void Optimizer::sgd(const Slice& slice) const {
  const auto momentum = static_cast<float>(spec_.momentum);
  const auto [n, w, g, m, s, scale, keep, rate] = slice;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    m[i] = momentum * m[i] + scale * g[i];
    w[i] = keep * w[i] - rate * m[i];
  }
}

void Optimizer::sign_sgd(const Slice& slice) const {
  const auto [n, w, g, m, s, scale, keep, rate] = slice;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) w[i] = keep * w[i] - rate * sign(g[i]);
}

void Optimizer::lion(const Slice& slice) const {
  const auto b1 = static_cast<float>(spec_.beta1), b2 = static_cast<float>(spec_.beta2);
  const auto [n, w, g, m, s, scale, keep, rate] = slice;
#pragma omp simd
  for (int64_t i = 0; i < n; ++i) {
    const float gi = scale * g[i];
    w[i] = keep * w[i] - rate * sign(b1 * m[i] + (1 - b1) * gi);
    m[i] = b2 * m[i] + (1 - b2) * gi;
  }
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
