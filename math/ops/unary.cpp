// Elementwise functions of one tensor, and the gated product.
#include <algorithm>
#include <cmath>

#include "longhaul/elementary.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/gradient.h"
#include "math/kernels/vmath.h"
#include "math/parallel.h"
#include "support/elementary.h"

namespace longhaul {
namespace {

// f(x) -> y; derivative(x, y) = dy/dx.
template <class F, class D>
Tensor unary(const Tensor& x, F f, D derivative) {
  Tensor y = Tensor::empty(x.shape());
  const float* px = x.data();
  float* py = y.data();
  const int64_t n = x.size();
  split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) py[i] = f(px[i]);
  });
  record(y, {x}, [=] {  // dx += dy * f'(x)
    const float *px = x.data(), *py = y.data(), *dy = y.grad();
    const GradTarget target = x.grad_target();
    split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
      float* dx = target.data;
      // NOLINTNEXTLINE(bugprone-branch-clone): it takes any two loops under a pragma for the same
      if (target.accumulate) {
#pragma omp simd
        for (int64_t i = begin; i < end; ++i)
          dx[i] = std::fma(dy[i], derivative(px[i], py[i]), dx[i]);
      } else {
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) dx[i] = dy[i] * derivative(px[i], py[i]);
      }
    });
  });
  return y;
}

// Whether the angles are such as sine_and_cosine() takes: then a loop over them is vectorised.
bool are_near(const Tensor& angles) {
  const float* values = angles.data();
  bool near = true;
  for (int64_t i = 0; i < angles.size(); ++i)
    near &= std::abs(values[i]) <= static_cast<float>(elementary::kFarthest);
  return near;
}
constexpr auto near_sine = [](float x) {
  return static_cast<float>(elementary::sine_and_cosine(x).sine);
};
constexpr auto near_cosine = [](float x) {
  return static_cast<float>(elementary::sine_and_cosine(x).cosine);
};

constexpr float kGeluSlope = 0.79788456f;  // sqrt(2 / pi)
constexpr float kGeluCubic = 0.044715f;

}  // namespace

Tensor scale(const Tensor& x, float factor) {
  return unary(
      x, [=](float v) { return factor * v; }, [=](float, float) { return factor; });
}

Tensor shift(const Tensor& x, float term) {
  return unary(
      x, [=](float v) { return v + term; }, [](float, float) { return 1.0f; });
}

Tensor exp(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::exp(v); }, [](float, float y) { return y; });
}

Tensor log(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::log(v); }, [](float v, float) { return 1 / v; });
}

Tensor abs(const Tensor& x) {
  return unary(
      x, [](float v) { return std::abs(v); },
      [](float v, float) { return vmath::select(v > 0, 1.0f, vmath::select(v < 0, -1.0f, 0.0f)); });
}

Tensor pow(const Tensor& x, float exponent) {
  return unary(
      x, [=](float v) { return elementary::pow(v, exponent); },
      [=](float v, float) { return exponent * elementary::pow(v, exponent - 1); });
}

Tensor clamp(const Tensor& x, float low, float high) {
  require(low <= high, "clamp: low ", low, " above high ", high);
  return unary(
      x, [=](float v) { return std::clamp(v, low, high); },
      [=](float v, float) { return vmath::select(low <= v && v <= high, 1.0f, 0.0f); });
}

Tensor sqrt(const Tensor& x) {
  return unary(
      x, [](float v) { return std::sqrt(v); }, [](float, float y) { return 0.5f / y; });
}

Tensor sin(const Tensor& x) {
  if (are_near(x)) return unary(x, near_sine, [](float v, float) { return near_cosine(v); });
  return unary(
      x, [](float v) { return elementary::sin(v); },
      [](float v, float) { return elementary::cos(v); });
}

Tensor cos(const Tensor& x) {
  if (are_near(x)) return unary(x, near_cosine, [](float v, float) { return -near_sine(v); });
  return unary(
      x, [](float v) { return elementary::cos(v); },
      [](float v, float) { return -elementary::sin(v); });
}

Tensor tanh(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::tanh(v); },
      [](float, float y) { return std::fma(-y, y, 1.0f); });
}

Tensor sigmoid(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::sigmoid(v); }, [](float, float y) { return y * (1 - y); });
}

Tensor silu(const Tensor& x) {
  return unary(
      x, [](float v) { return v * vmath::sigmoid(v); },
      [](float v, float y) {
        const float s = vmath::sigmoid(v);
        return std::fma(y, 1 - s, s);
      });
}

Tensor gelu(const Tensor& x) {
  return unary(
      x,
      [](float v) {
        return 0.5f * v * (1 + vmath::tanh(kGeluSlope * std::fma(kGeluCubic * v * v, v, v)));
      },
      [](float v, float) {
        const float t = vmath::tanh(kGeluSlope * std::fma(kGeluCubic * v * v, v, v));
        const float inner = kGeluSlope * std::fma(3 * kGeluCubic * v, v, 1.0f);
        return 0.5f * std::fma(v * std::fma(-t, t, 1.0f), inner, 1 + t);
      });
}

Tensor relu(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::select(v > 0, v, 0.0f); },
      [](float v, float) { return vmath::select(v > 0, 1.0f, 0.0f); });
}

Tensor softplus(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::softplus(v); },
      [](float v, float) { return vmath::sigmoid(v); });
}

Tensor log_sigmoid(const Tensor& x) {
  return unary(
      x, [](float v) { return -vmath::softplus(-v); },
      [](float v, float) { return vmath::sigmoid(-v); });
}

Tensor elu1(const Tensor& x) {
  return unary(
      x, [](float v) { return vmath::select(v > 0, v + 1, vmath::exp(v)); },
      [](float v, float y) { return vmath::select(v > 0, 1.0f, y); });
}

Tensor gated_silu(const Tensor& x, const Tensor& gate) {
  require(x.shape() == gate.shape(), "gated_silu: shapes ", x.shape(), " and ", gate.shape());
  Tensor y = Tensor::empty(x.shape());
  const int64_t n = x.size();
  const float *px = x.data(), *pg = gate.data();
  float* py = y.data();
  split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) py[i] = px[i] * pg[i] * vmath::sigmoid(pg[i]);
  });
  record(y, {x, gate}, [=] {  // dx += dy silu(g);  dg += dy x silu'(g), silu' = s + g s (1 - s)
    const float *px = x.data(), *pg = gate.data(), *dy = y.grad();
    const GradTarget dx = target_of(x), dg = target_of(gate);
    const auto of_one = [&](const GradTarget& target, auto term) {
      split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) target.data[i] = before(target, i) + term(i);
      });
    };
    if (!dx.data || !dg.data) {
      if (dx.data) of_one(dx, [=](int64_t i) { return dy[i] * pg[i] * vmath::sigmoid(pg[i]); });
      if (dg.data)
        of_one(dg, [=](int64_t i) {
          const float g = pg[i], s = vmath::sigmoid(g);
          return dy[i] * px[i] * std::fma(g * s, 1 - s, s);
        });
      return;
    }
    const auto reverse = [=](auto put) {
      split_for(n, kFewValues, [=](int64_t begin, int64_t end) {
        float *to_x = dx.data, *to_g = dg.data;
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) {
          const float g = pg[i], s = vmath::sigmoid(g);
          put(to_x[i], dy[i] * g * s);
          put(to_g[i], dy[i] * px[i] * std::fma(g * s, 1 - s, s));
        }
      });
    };
    if (!dx.accumulate && !dg.accumulate) {
      reverse([](float& to, float term) { to = term; });
      return;
    }
    for (const GradTarget& target : {dx, dg})
      if (!target.accumulate) std::fill_n(target.data, n, 0.0f);
    reverse([](float& to, float term) { to += term; });
  });
  return y;
}

}  // namespace longhaul
