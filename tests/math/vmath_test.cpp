
#include <algorithm>
#include <cmath>
#include <limits>

#include "math/kernels/vmath.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// The largest relative error of f against `reference` over [low, high], in `steps` even steps.
template <class F, class Reference>
double largest_error(float low, float high, F f, Reference reference, int steps = 200000) {
  double largest = 0;
  for (int i = 0; i <= steps; ++i) {
    const auto x = static_cast<float>(low + (double{high} - double{low}) * i / steps);
    const double expected = reference(double{x});
    if (expected == 0) continue;
    const double error = std::abs(double{f(x)} - expected) / std::abs(expected);
    largest = std::max(largest, std::isnan(error) ? double{kInfinity} : error);
  }
  return largest;
}

double reference_sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("vmath: log is within 3e-7 over its whole range", "[vmath]") {
  const auto reference = [](double x) { return std::log(x); };
  CHECK(largest_error(1.2e-38f, 1e-30f, vmath::log, reference) < 3e-7);
  CHECK(largest_error(0.01f, 3, vmath::log, reference) < 3e-7);
  CHECK(largest_error(0.99f, 1.01f, vmath::log, reference) < 3e-7);
  CHECK(largest_error(1, 3.4e38f, vmath::log, reference) < 3e-7);
  CHECK(vmath::log(1) == 0);
  CHECK(vmath::log(0) == -kInfinity);
  CHECK(vmath::log(kInfinity) == kInfinity);
  CHECK(std::isnan(vmath::log(-1)));
  CHECK(std::isnan(vmath::log(kNan)));
}

TEST_CASE("vmath: exp is within 3e-7 over its whole range", "[vmath]") {
  const auto reference = [](double x) { return std::exp(x); };
  CHECK(largest_error(-87.3f, 88.7f, vmath::exp, reference) < 3e-7);
  CHECK(largest_error(-1, 1, vmath::exp, reference) < 3e-7);
  CHECK(largest_error(-1e-6f, 1e-6f, vmath::exp, reference, 1000) < 3e-7);
}

TEST_CASE("vmath: sigmoid is within 3e-7 over its whole range", "[vmath]") {
  CHECK(largest_error(-87, 87, vmath::sigmoid, reference_sigmoid) < 3e-7);
  CHECK(largest_error(-1, 1, vmath::sigmoid, reference_sigmoid) < 3e-7);
}

TEST_CASE("vmath: tanh is within 3e-7 over its whole range, down to tiny arguments", "[vmath]") {
  const auto reference = [](double x) { return std::tanh(x); };
  CHECK(largest_error(-20, 20, vmath::tanh, reference) < 3e-7);
  CHECK(largest_error(-1, 1, vmath::tanh, reference) < 3e-7);
  CHECK(largest_error(-1e-4f, 1e-4f, vmath::tanh, reference, 1000) < 3e-7);
  CHECK(largest_error(1e-30f, 1e-29f, vmath::tanh, reference, 1000) < 3e-7);
}

TEST_CASE("vmath: softplus is within 5e-7 over its whole range, down to where it is exp",
          "[vmath]") {
  const auto reference = [](double x) {
    return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
  };
  CHECK(largest_error(-86, 87, vmath::softplus, reference) < 5e-7);
  CHECK(largest_error(-1, 1, vmath::softplus, reference) < 5e-7);
}

TEST_CASE("vmath: edge values", "[vmath]") {
  CHECK(vmath::exp(0) == 1);
  CHECK(vmath::exp(-0.0f) == 1);
  CHECK(vmath::exp(kInfinity) == kInfinity);
  CHECK(vmath::exp(-kInfinity) == 0);
  CHECK(vmath::exp(89) == kInfinity);
  CHECK(vmath::exp(-88) == 0);
  CHECK(std::isfinite(vmath::exp(88.7f)));
  CHECK(vmath::exp(-87.3f) > 0);
  CHECK(vmath::sigmoid(0) == 0.5f);
  CHECK(vmath::sigmoid(kInfinity) == 1);
  CHECK(vmath::sigmoid(-kInfinity) == 0);
  CHECK(vmath::tanh(0) == 0);
  CHECK(std::signbit(vmath::tanh(-0.0f)));
  CHECK(vmath::tanh(kInfinity) == 1);
  CHECK(vmath::tanh(-kInfinity) == -1);
  CHECK(vmath::softplus(1e30f) == 1e30f);
  CHECK(vmath::softplus(-1e30f) == 0);
  CHECK(std::isnan(vmath::softplus(kNan)));
  CHECK(std::isnan(vmath::exp(kNan)));
  CHECK(std::isnan(vmath::sigmoid(kNan)));
  CHECK(std::isnan(vmath::tanh(kNan)));
}

TEST_CASE("vmath: exp and sigmoid rise, whatever two neighbours they are given", "[vmath]") {
  for (float x = -80; x < 80; x += 0.37f) {
    const float next = std::nextafter(x, 100.0f);
    CHECK_FALSE(vmath::exp(next) < vmath::exp(x) * (1 - 3e-7f));
    CHECK_FALSE(vmath::sigmoid(next) < vmath::sigmoid(x) * (1 - 6e-7f));
  }
}
