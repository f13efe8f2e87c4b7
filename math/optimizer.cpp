#include "math/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "longhaul/elementary.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/parallel.h"
#include "support/choices.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 1 << 14;  // floats a thread takes at a time

float sign(float x) { return vmath::select(x > 0, 1.0f, vmath::select(x < 0, -1.0f, 0.0f)); }

// The second beta is 0.98, its authors' is 0.999.
void adamw(OptimizerSlice s) {
  constexpr double beta1 = 0.9, beta2 = 0.98;
  constexpr auto b1 = static_cast<float>(beta1), b2 = static_cast<float>(beta2);
  const auto unbias1 =
      static_cast<float>(1 / (1 - elementary::pow(beta1, static_cast<double>(s.step))));
  const auto unbias2 =
      static_cast<float>(1 / (1 - elementary::pow(beta2, static_cast<double>(s.step))));
  constexpr auto epsilon = static_cast<float>(1e-8);
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) {
    const float gi = s.scale * s.g[i];
    s.first[i] = std::fma(b1, s.first[i], (1 - b1) * gi);
    s.second[i] = std::fma(b2, s.second[i], (1 - b2) * gi * gi);
    s.w[i] =
        std::fma(s.decayed, s.w[i],
                 -s.rate * (s.first[i] * unbias1) / (std::sqrt(s.second[i] * unbias2) + epsilon));
  }
}

void sgd(OptimizerSlice s) {
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) {
    s.first[i] = std::fma(s.momentum, s.first[i], s.scale * s.g[i]);
    s.w[i] = std::fma(s.decayed, s.w[i], -s.rate * s.first[i]);
  }
}

void sign_sgd(OptimizerSlice s) {
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) s.w[i] = std::fma(s.decayed, s.w[i], -s.rate * sign(s.g[i]));
}

void lion(OptimizerSlice s) {
  constexpr auto b1 = 0.9f, b2 = 0.99f;
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) {
    const float gi = s.scale * s.g[i];
    s.w[i] = std::fma(s.decayed, s.w[i], -s.rate * sign(std::fma(b1, s.first[i], (1 - b1) * gi)));
    s.first[i] = std::fma(b2, s.first[i], (1 - b2) * gi);
  }
}

void add_lanes(const std::vector<float*>& lanes, int64_t begin, int64_t end) {
  const auto count = static_cast<int64_t>(lanes.size());
  for (int64_t apart = 1; apart < count; apart *= 2)
    for (int64_t lane = 0; lane + apart < count; lane += 2 * apart) {
      float* to = lanes[lane];
      const float* from = lanes[lane + apart];
#pragma omp simd
      for (int64_t i = begin; i < end; ++i) to[i] += from[i];
    }
}

}  // namespace

void Parameter::hold_in_range() const {
  if (std::isinf(group.least) && std::isinf(group.most)) return;
  for (int64_t i = 0; i < value.size(); ++i)
    value.data()[i] = std::clamp(value.data()[i], group.least, group.most);
}

std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters) {
  std::vector<int64_t> offsets{0};
  for (const Parameter& parameter : parameters) {
    Tensor handle = parameter.value;
    handle.bind_gradient_slot(offsets.back());
    offsets.push_back(offsets.back() + (handle.size() + 15) / 16 * 16);
  }
  return offsets;
}

const std::vector<OptimizerInfo>& optimizers() {
  static const std::vector<OptimizerInfo> all = {
      {"adamw",
       "m / (sqrt(s) + 1e-8), m and s the means of g and g^2 that fade by 0.9 and 0.98, "
       "corrected for their start",
       "Loshchilov and Hutter 2019, arXiv:1711.05101",
       {"m", "s"},
       adamw},
      {"sgd", "m, where m = momentum m + g", "Polyak 1964", {"m"}, sgd},
      {"sign_sgd", "sign(g)", "Bernstein et al. 2018, arXiv:1802.04434", {}, sign_sgd},
      {"lion",
       "sign(0.9 m + 0.1 g), then m = 0.99 m + 0.01 g",
       "Chen et al. 2023, arXiv:2302.06675",
       {"m"},
       lion},
  };
  return all;
}

Optimizer::Optimizer(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets,
                     OptimizerSpec spec)
    : parameters_(parameters),
      offsets_(std::move(offsets)),
      spec_(std::move(spec)),
      info_(row_named("optimizer", spec_.name, optimizers())) {
  const MemoryScope scope(Memory::optimizer);
  for (std::size_t i = 0; i < info_.keeps.size(); ++i) kept_.emplace_back(Shape{offsets_.back()});
}

void Optimizer::step(const float* gradient, double factor, double learning_rate) {
  ++steps_;
  parallel_for(static_cast<int64_t>(parameters_.size()), 1, [&](int64_t index, int64_t) {
    const Parameter& p = parameters_[index];
    const double rate = learning_rate * p.group.lr_scale;
    const int64_t offset = offsets_[index];
    const auto kept = [&](std::size_t i) {
      return i < kept_.size() ? kept_[i].data() + offset : nullptr;
    };
    info_.update(
        {.size = p.value.size(),
         .w = p.value.data(),
         .g = gradient + offset,
         .first = kept(0),
         .second = kept(1),
         .scale = static_cast<float>(factor),
         .decayed = static_cast<float>(1 - (p.group.decay ? rate * spec_.weight_decay : 0)),
         .rate = static_cast<float>(rate),
         .momentum = static_cast<float>(spec_.momentum),
         .step = steps_});
    p.hold_in_range();
  });
}

std::map<std::string, Tensor> Optimizer::kept() const {
  std::map<std::string, Tensor> named;
  for (std::size_t i = 0; i < kept_.size(); ++i) named[info_.keeps[i]] = kept_[i];
  return named;
}

double warmup_cosine(double fraction, double warmup) {
  if (fraction < warmup) return fraction / warmup;
  if (fraction >= 1) return 0;
  return 0.5 * (1 + elementary::cos(std::numbers::pi * (fraction - warmup) / (1 - warmup)));
}

double sum_gradients(const std::vector<float*>& lanes, int64_t total) {
  std::vector<double, PoolAllocator<double>> squares(
      static_cast<std::size_t>((total + kChunk - 1) / kChunk));
  parallel_for(total, kChunk, [&](int64_t begin, int64_t end) {
    add_lanes(lanes, begin, end);
    double square = 0;
    for (int64_t i = begin; i < end; ++i) square += double{lanes[0][i]} * double{lanes[0][i]};
    squares[static_cast<std::size_t>(begin / kChunk)] = square;
  });
  double square = 0;
  for (double part : squares) square += part;
  return std::sqrt(square);
}

void add_lanes(const std::vector<float*>& lanes, int64_t total) {
  parallel_for(total, kChunk, [&](int64_t begin, int64_t end) { add_lanes(lanes, begin, end); });
}

}  // namespace longhaul
