#include "math/optimizer.h"

#include <algorithm>
#include <cmath>

#include "longhaul/elementary.h"
#include "math/kernels/vmath.h"
#include "math/memory.h"
#include "math/orthogonal.h"
#include "math/parallel.h"

namespace longhaul {
namespace {

constexpr int64_t kChunk = 1 << 14;  // floats a thread takes at a time

float sign(float x) { return vmath::select(x > 0, 1.0f, vmath::select(x < 0, -1.0f, 0.0f)); }

void adamw(OptimizerSlice s) {
  const auto b1 = static_cast<float>(s.beta1), b2 = static_cast<float>(s.beta2);
  const auto unbias1 =
      static_cast<float>(1 / (1 - elementary::pow(s.beta1, static_cast<double>(s.step))));
  const auto unbias2 =
      static_cast<float>(1 / (1 - elementary::pow(s.beta2, static_cast<double>(s.step))));
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
  const auto b1 = static_cast<float>(s.beta1), b2 = static_cast<float>(s.beta2);
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) {
    const float gi = s.scale * s.g[i];
    s.w[i] = std::fma(s.decayed, s.w[i], -s.rate * sign(std::fma(b1, s.first[i], (1 - b1) * gi)));
    s.first[i] = std::fma(b2, s.first[i], (1 - b2) * gi);
  }
}

// Of hidden matrices; of all else adamw. The factor gives a step the size that adamw's has (Liu et
// al. 2025, arXiv:2502.16982, eq. 4), so that one rate and one decay suit both.
void muon(OptimizerSlice s) {
  if (s.rows == 0) {
    adamw(s);
    return;
  }
  constexpr float kSizeOfAdamw = 0.2f;
  PooledVector<float> way(static_cast<std::size_t>(s.size));
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) {
    s.first[i] = s.momentum * s.first[i] + s.scale * s.g[i];
    way[i] = s.momentum * s.first[i] + s.scale * s.g[i];
  }
  make_orthogonal(way.data(), s.rows, s.columns);
  const float rate =
      s.rate * kSizeOfAdamw * std::sqrt(static_cast<float>(std::max(s.rows, s.columns)));
#pragma omp simd
  for (int64_t i = 0; i < s.size; ++i) s.w[i] = s.decayed * s.w[i] - rate * way[i];
}

// Running means and variances follow those of the step, whose sums of values, of squares and their
// count are the gradient.
void follow_statistics(const Tensor& statistics, const float* sums) {
  constexpr float kNew = 0.1f;
  const int64_t width = statistics.size() / 2;
  const double count = double{sums[2 * width]};
  if (count == 0) return;
  float* running = statistics.data();
  for (int64_t i = 0; i < width; ++i) {
    const double mean = double{sums[i]} / count;
    const double variance = std::max(double{sums[width + i]} / count - mean * mean, 0.0);
    running[i] += kNew * (static_cast<float>(mean) - running[i]);
    running[width + i] += kNew * (static_cast<float>(variance) - running[width + i]);
  }
}

// Values [begin, end) of a parameter in the range of its group.
void hold(const Parameter& p, int64_t begin, int64_t end) {
  if (std::isinf(p.group.least) && std::isinf(p.group.most)) return;
  for (int64_t i = begin; i < end; ++i)
    p.value.data()[i] = std::clamp(p.value.data()[i], p.group.least, p.group.most);
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

void Parameter::hold_in_range() const { hold(*this, 0, value.size()); }

std::vector<int64_t> gradient_layout(const std::vector<Parameter>& parameters) {
  std::vector<int64_t> offsets(parameters.size() + 1);
  int64_t total = 0;
  for (const bool is_statistics : {false, true})
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].is_statistics != is_statistics) continue;
      Tensor handle = parameters[i].value;
      handle.bind_gradient_slot(total);
      offsets[i] = total;
      total += (handle.size() + 15) / 16 * 16;
    }
  offsets.back() = total;
  return offsets;
}

int64_t end_of_trained(const std::vector<Parameter>& parameters,
                       const std::vector<int64_t>& offsets) {
  int64_t end = offsets.back();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].is_statistics) end = std::min(end, offsets[i]);
  return end;
}

const std::vector<OptimizerInfo>& optimizers() {
  static const std::vector<OptimizerInfo> all = {
      {"adamw",
       "m / (sqrt(s) + 1e-8), m and s the means of g and g^2 that fade by beta1 and beta2 (0.98, "
       "its authors' is 0.999), corrected for their start",
       "Loshchilov and Hutter 2019, arXiv:1711.05101",
       {"m", "s"},
       adamw,
       0.98},
      {"muon",
       "hidden matrices [a, b]: 0.2 sqrt(max(a, b)) U V^T, where U S V^T = g + momentum m (about, "
       "by 5 Newton-Schulz steps), m = momentum m + g; all else: as adamw",
       "Jordan et al. 2024, kellerjordan.github.io/posts/muon; Liu et al. 2025, arXiv:2502.16982",
       {"m", "s"},
       muon,
       0.98},
      {"sgd", "m, where m = momentum m + g", "Polyak 1964", {"m"}, sgd},
      {"sign_sgd", "sign(g)", "Bernstein et al. 2018, arXiv:1802.04434", {}, sign_sgd},
      {"lion",
       "sign(beta1 m + (1 - beta1) g), then m = beta2 m + (1 - beta2) g, beta2 0.99",
       "Chen et al. 2023, arXiv:2302.06675",
       {"m"},
       lion,
       0.99},
  };
  return all;
}

Optimizer::Optimizer(const std::vector<Parameter>& parameters, std::vector<int64_t> offsets,
                     OptimizerSpec spec, OptimizerInfo info)
    : parameters_(parameters), offsets_(std::move(offsets)), spec_(spec), info_(std::move(info)) {
  const MemoryScope scope(Memory::optimizer);
  for (std::size_t i = 0; i < info_.keeps.size(); ++i) kept_.emplace_back(Shape{offsets_.back()});
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& p = parameters_[i];
    const int64_t size = p.value.size();
    const bool is_whole = p.is_statistics || (p.group.is_hidden_matrix && info_.update == muon);
    const int64_t step = is_whole ? std::max<int64_t>(size, 1) : kChunk;
    for (int64_t begin = 0; begin < size; begin += step)
      pieces_.push_back({i, begin, std::min(size, begin + step)});
  }
}

void Optimizer::step(const float* gradient, double factor, double learning_rate) {
  ++steps_;
  parallel_for(static_cast<int64_t>(pieces_.size()), 1, [&](int64_t index, int64_t) {
    const Piece& piece = pieces_[index];
    const Parameter& p = parameters_[piece.parameter];
    const double rate = learning_rate * p.group.lr_scale;
    const int64_t offset = offsets_[piece.parameter] + piece.begin;
    if (p.is_statistics) {
      follow_statistics(p.value, gradient + offset);
      return;
    }
    const auto kept = [&](std::size_t i) {
      return i < kept_.size() ? kept_[i].data() + offset : nullptr;
    };
    info_.update(
        {.size = piece.end - piece.begin,
         .w = p.value.data() + piece.begin,
         .g = gradient + offset,
         .first = kept(0),
         .second = kept(1),
         .third = kept(2),
         .scale = static_cast<float>(factor),
         .decayed = static_cast<float>(1 - (p.group.decay ? rate * spec_.weight_decay : 0)),
         .rate = static_cast<float>(rate),
         .momentum = static_cast<float>(spec_.momentum),
         .beta1 = spec_.beta1,
         .beta2 = spec_.beta2 > 0 ? spec_.beta2 : info_.beta2,
         .step = steps_,
         .rows = p.group.is_hidden_matrix ? p.value.dim(0) : 0,
         .columns = p.group.is_hidden_matrix ? p.value.dim(1) : 0});
    hold(p, piece.begin, piece.end);
  });
}

std::map<std::string, Tensor> Optimizer::kept() const {
  std::map<std::string, Tensor> named;
  for (std::size_t i = 0; i < kept_.size(); ++i) named[info_.keeps[i]] = kept_[i];
  return named;
}

double sum_gradients(const std::vector<float*>& lanes, int64_t total, int64_t trained) {
  std::vector<double, PoolAllocator<double>> squares(
      static_cast<std::size_t>((total + kChunk - 1) / kChunk));
  parallel_for(total, kChunk, [&](int64_t begin, int64_t end) {
    add_lanes(lanes, begin, end);
    double square = 0;
    const int64_t last = std::min(end, trained);
    for (int64_t i = begin; i < last; ++i) square += double{lanes[0][i]} * double{lanes[0][i]};
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
