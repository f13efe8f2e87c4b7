// Sines of many angles at once are those of elementary::sin, bit for bit.
#include <bit>
#include <limits>

#include "longhaul/elementary.h"
#include "longhaul/ops.h"
#include "longhaul/rng.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

void check_bits(float found, double expected) {
  const auto rounded = static_cast<float>(expected);
  if (expected != expected)
    CHECK(found != found);
  else
    CHECK(std::bit_cast<uint32_t>(found) == std::bit_cast<uint32_t>(rounded));
}

void check_sines(const std::vector<float>& angles) {
  const auto n = static_cast<int64_t>(angles.size());
  Tensor x = Tensor::empty({n});
  std::copy(angles.begin(), angles.end(), x.data());
  x.set_needs_grad(true);
  for (const bool is_sine : {true, false}) {
    Tape tape;
    const Tensor y = is_sine ? sin(x) : cos(x);
    tape.backward(sum_all(y));
    for (int64_t i = 0; i < n; ++i) {
      const double sine = elementary::sin(double{angles[i]}),
                   cosine = elementary::cos(double{angles[i]});
      CAPTURE(is_sine, angles[i]);
      check_bits(y.data()[i], is_sine ? sine : cosine);
      check_bits(x.grad()[i], is_sine ? cosine : -sine);
    }
    x.drop_grad();
  }
}

}  // namespace

TEST_CASE("sin and cos of a tensor have the bits of one angle after the other", "[math]") {
  Rng rng(7, "sines");
  std::vector<float> angles = {0.0f, 1.0f, -1.5707964f, 3.1415927f, 1e6f, -1e6f, 1e-30f};
  for (int i = 0; i < 1000; ++i)
    angles.push_back(static_cast<float>(rng.normal() * (i % 2 ? 3 : 30000)));
  check_sines(angles);
  angles.push_back(1.1e6f);  // beyond what is reduced in whole registers
  angles.push_back(-3e38f);
  angles.push_back(std::numeric_limits<float>::infinity());
  check_sines(angles);
}

TEST_CASE("rotary positions turn by elementary's sines, also beyond a million radians", "[math]") {
  const std::vector<double> frequencies = {1, 0.3, 0.01, 1e-4, 0.7};
  for (const double first : {0.0, -40.0, 999990.0, 5e6}) {
    const int64_t T = 20, half = 5;
    Tensor x({1, T, 2 * half});
    for (int64_t t = 0; t < T; ++t) std::fill_n(x.data() + 2 * t * half, half, 1.0f);
    const Tensor y = rotary(x, {.heads = 1, .frequencies = frequencies, .first = first});
    for (int64_t t = 0; t < T; ++t)
      for (int64_t i = 0; i < half; ++i) {
        const double angle = (first + static_cast<double>(t)) * frequencies[i];
        CAPTURE(first, t, i);
        check_bits(y.data()[2 * t * half + i], elementary::cos(angle));
        check_bits(y.data()[(2 * t + 1) * half + i], elementary::sin(angle));
      }
  }
}
