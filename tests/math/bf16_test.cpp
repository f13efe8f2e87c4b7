#include "math/kernels/bf16.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "longhaul/ops.h"
#include "longhaul/rng.h"
#include "math/instruction_set.h"
#include "math/kernels/gemm.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

constexpr uint32_t kQuietBit = 0x00400000, kInfinity = 0x7f800000, kSign = 0x80000000;

uint32_t rounded(uint32_t bits) { return bf16::rounded(tile::Bits{bits})[0]; }
float rounded(float x) { return std::bit_cast<float>(rounded(std::bit_cast<uint32_t>(x))); }

// The nearest bf16 by its distances, which are exact in double.
uint32_t nearest(uint32_t bits) {
  const auto value = [](uint32_t b) { return double{std::bit_cast<float>(b)}; };
  // Beyond the largest one stands what would be the next.
  const auto reach = [&](uint32_t b) {
    return (b & ~kSign) == kInfinity ? std::copysign(std::ldexp(1.0, 128), value(b)) : value(b);
  };
  const uint32_t inner = bits & 0xffff0000, outer = inner + 0x10000;
  const double to_inner = std::abs(value(bits) - reach(inner)),
               to_outer = std::abs(value(bits) - reach(outer));
  if (to_inner == to_outer) return inner & 0x10000 ? outer : inner;
  return to_inner < to_outer ? inner : outer;
}

bool has_instructions() {
  if (!has_bf16_instructions())
    WARN("skipped: the processor has no bf16 instructions, or the kernels do not use them");
  return has_bf16_instructions();
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.bytes())) == 0;
}

// Finite numbers of all kinds: `spread` is the range of their exponents around 1.
Tensor numbers(const Shape& shape, uint64_t seed, int spread) {
  Tensor values(shape);
  Rng rng(seed, "numbers", 0);
  for (int64_t i = 0; i < values.size(); ++i) {
    const auto exponent = static_cast<uint32_t>(127 + rng.between(-spread, spread));
    const auto digits = static_cast<uint32_t>(rng.below(1 << 23));
    const uint32_t sign = rng.below(2) ? kSign : 0;
    values.data()[i] = std::bit_cast<float>(sign | exponent << 23 | digits);
  }
  return values;
}

struct Case {
  bool ta, tb, accumulate;
  int64_t m, k, n;
};

// Panels that are whole, ragged or wide; odd extents; blocks of rows; slabs of k.
template <class Check>
void for_cases(Check check) {
  for (bool ta : {false, true})
    for (bool tb : {false, true})
      for (bool accumulate : {false, true})
        for (auto [m, k, n] : {std::tuple{1, 131, 10},
                               {300, 70, 64},
                               {50, 1, 80},
                               {7, 1101, 130},
                               {60, 300, 256},
                               {100, 5, 65},
                               {13, 9, 16}}) {
          INFO(ta << tb << accumulate << ": " << m << " " << k << " " << n);
          check(Case{ta, tb, accumulate, m, k, n});
        }
}

Tensor product(const Case& of, const Tensor& a, const Tensor& b, const Tensor& c,
               Precision precision) {
  Tensor y = c.clone();
  gemm({of.ta, of.tb, of.m, of.n, of.k, of.accumulate, 1, precision}, a.data(), b.data(), y.data());
  return y;
}

}  // namespace

TEST_CASE("a number is rounded to the nearest bf16, ties to even", "[bf16]") {
  CHECK(rounded(1.0f) == 1.0f);
  CHECK(rounded(1.00390625f) == 1.0f);          // 1 + 2^-8, between 1 and 1 + 2^-7
  CHECK(rounded(1.01171875f) == 1.015625f);     // 1 + 3 * 2^-8
  CHECK(rounded(-1.00390637f) == -1.0078125f);  // a bit more than the tie
  std::size_t wrong = 0;
  for (uint32_t upper = 0x0080; upper < 0x7f80; ++upper)
    for (uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu})
      for (uint32_t sign : {0u, kSign}) {
        const uint32_t bits = sign | upper << 16 | lower;
        wrong += rounded(bits) != nearest(bits);
      }
  CHECK(wrong == 0);
}

TEST_CASE("rounding to bf16 keeps infinities and NaN, and makes denormal numbers zero", "[bf16]") {
  for (uint32_t sign : {0u, kSign}) {
    CHECK(rounded(sign | kInfinity) == (sign | kInfinity));
    CHECK(rounded(sign | 0x7f7fffff) == (sign | kInfinity));  // beyond the largest bf16
    CHECK(rounded(sign | 0x7f7f7fff) == (sign | 0x7f7f0000));
    CHECK(rounded(sign | kInfinity | 1) == (sign | kInfinity | kQuietBit));
    CHECK(rounded(sign | 0x7fffffff) == (sign | 0x7fff0000));
    CHECK(rounded(sign) == sign);
    CHECK(rounded(sign | 1) == sign);
    CHECK(rounded(sign | 0x007fffff) == sign);
    CHECK(rounded(sign | 0x00800000) == (sign | 0x00800000));
  }
}

TEST_CASE("gemm in bf16 is one chain of rounded operands, the second of each two first", "[bf16]") {
  for_cases([](const Case& of) {
    const Tensor a = random_tensor({of.m * of.k}, 1), b = random_tensor({of.k * of.n}, 2);
    const Tensor c = random_tensor({of.m, of.n}, 3), expected = c.clone();
    for (int64_t i = 0; i < of.m; ++i)
      for (int64_t j = 0; j < of.n; ++j) {
        float& sum = expected.data()[i * of.n + j];
        if (!of.accumulate) sum = 0;
        for (int64_t pair = 0; pair < of.k; pair += 2)
          for (int64_t l : {pair + 1, pair})
            if (l < of.k)
              sum = std::fma(rounded(a.data()[of.ta ? l * of.m + i : i * of.k + l]),
                             rounded(b.data()[of.tb ? j * of.k + l : l * of.n + j]), sum);
      }
    CHECK(max_difference(product(of, a, b, c, Precision::bf16_emulated), expected) == 0);
    if (has_bf16_instructions())
      CHECK(max_difference(product(of, a, b, c, Precision::bf16), expected) == 0);
  });
}

TEST_CASE("bf16 by instructions has the bits of its emulation", "[bf16]") {
  if (!has_instructions()) return;
  // Exponents of 0, 70 and 126: sums that cancel, products that are denormal, and too large ones.
  for (int spread : {0, 8, 70, 126})
    for_cases([&](const Case& of) {
      INFO("exponents up to " << spread);
      const Tensor a = numbers({of.m * of.k}, 1, spread), b = numbers({of.k * of.n}, 2, spread);
      const Tensor c = numbers({of.m, of.n}, 3, spread);
      const Tensor by_instructions = product(of, a, b, c, Precision::bf16);
      const Tensor emulated = product(of, a, b, c, Precision::bf16_emulated);
      std::size_t wrong = 0;
      for (int64_t i = 0; i < emulated.size(); ++i) {
        const float x = by_instructions.data()[i], y = emulated.data()[i];
        wrong += std::bit_cast<uint32_t>(x) != std::bit_cast<uint32_t>(y) &&
                 !(std::isnan(x) && std::isnan(y));
      }
      CHECK(wrong == 0);
    });
}

// Each operand is off by at most 2^-8 of itself.
TEST_CASE("a product in bf16 is within 2^-7 of the sum of magnitudes, and mostly within 2^-8",
          "[bf16]") {
  for_cases([](const Case& of) {
    if (of.accumulate) return;
    const Tensor a = numbers({of.m * of.k}, 1, 4), b = numbers({of.k * of.n}, 2, 4);
    const auto magnitudes = [](const Tensor& x) {
      Tensor y = x.clone();
      for (int64_t i = 0; i < y.size(); ++i) y.data()[i] = std::abs(y.data()[i]);
      return y;
    };
    const Tensor c({of.m, of.n});
    const Tensor exact = product(of, a, b, c, Precision::float32);
    const Tensor sums = product(of, magnitudes(a), magnitudes(b), c, Precision::float32);
    const Tensor y = product(of, a, b, c, Precision::bf16_emulated);
    int64_t beyond = 0, far = 0;
    for (int64_t i = 0; i < y.size(); ++i) {
      const float off = std::abs(y.data()[i] - exact.data()[i]) / sums.data()[i];
      beyond += off > std::ldexp(1.01f, -7);  // the sums in float32 are not exact either
      far += off > std::ldexp(1.0f, -8);
    }
    CHECK(beyond == 0);
    CHECK(10 * far < y.size());
    CHECK(max_difference(y, exact) > 0);
  });
}

TEST_CASE("a precision holds for its scope, for threads within, and for reverse steps", "[bf16]") {
  const Tensor x = random_tensor({600, 48}, 1), w = random_tensor({48, 40}, 2);
  const auto pass = [&](Precision forward, Precision reverse) {
    Tensor in = x.clone(), weight = w.clone();
    in.set_needs_grad(true);
    weight.set_needs_grad(true);
    Tape tape;
    Tensor loss;
    {
      const PrecisionScope scope(forward);
      loss = sum_all(mul(matmul(in, weight), random_tensor({600, 40}, 3)));
    }
    const PrecisionScope scope(reverse);
    tape.backward(loss);
    Tensor gradient({48, 40});
    std::copy_n(weight.grad(), gradient.size(), gradient.data());
    return gradient;
  };
  CHECK(PrecisionScope::current() == Precision::float32);
  const Tensor plain = pass(Precision::float32, Precision::float32);
  const Tensor emulated = pass(Precision::bf16_emulated, Precision::bf16_emulated);
  CHECK(max_difference(plain, emulated) > 0);
  CHECK(same_bits(pass(Precision::float32, Precision::bf16_emulated), plain));
  CHECK(same_bits(pass(Precision::bf16_emulated, Precision::float32), emulated));

  with_threads(2, [&] {
    const PrecisionScope scope(Precision::bf16_emulated);
    std::vector<Precision> seen(8, Precision::float32);
    parallel_for(8, 1, [&](int64_t i, int64_t) { seen[i] = PrecisionScope::current(); });
    CHECK(seen == std::vector<Precision>(8, Precision::bf16_emulated));
    return 0;
  });
  CHECK(PrecisionScope::current() == Precision::float32);
}

TEST_CASE("matmul in bf16 has the same bits for one and two threads", "[bf16]") {
  const Tensor x = random_tensor({1100, 33}, 1), w = random_tensor({33, 48}, 2);
  const PrecisionScope scope(Precision::bf16_emulated);
  const auto work = [&] { return matmul(x, w); };
  CHECK(same_bits(with_threads(1, work), with_threads(2, work)));
}

TEST_CASE("gated_mlp in bf16 has the bits of its emulation, and nearly those of its operators",
          "[bf16]") {
  constexpr int64_t kWidth = 64;
  const auto pass = [&](Precision precision, bool fused) {
    const PrecisionScope scope(precision);
    std::vector<Tensor> in{random_tensor({131, kWidth}, 1),
                           random_tensor({kWidth, 2 * kWidth}, 2, -0.2f, 0.2f),
                           random_tensor({kWidth, 2 * kWidth}, 3, -0.2f, 0.2f),
                           random_tensor({2 * kWidth, kWidth}, 4, -0.2f, 0.2f)};
    for (Tensor& input : in) input.set_needs_grad(true);
    Tape tape;
    const Tensor y = fused ? gated_mlp(in[0], in[1], in[2], in[3])
                           : matmul(gated_silu(matmul(in[0], in[1]), matmul(in[0], in[2])), in[3]);
    std::vector<Tensor> found{y};
    tape.backward(sum_all(mul(y, random_tensor(y.shape(), 9))));
    for (const Tensor& input : in) {
      found.emplace_back(input.shape());
      std::copy_n(input.grad(), input.size(), found.back().data());
    }
    return found;
  };
  const auto emulated = pass(Precision::bf16_emulated, true);
  const auto operators = pass(Precision::bf16_emulated, false);
  const auto plain = pass(Precision::float32, true);
  for (std::size_t i = 0; i < emulated.size(); ++i) {
    INFO("value or gradient " << i);
    CHECK(max_difference(emulated[i], operators[i]) < 0.03);
    CHECK(max_difference(emulated[i], plain[i]) > 0);
    CHECK(max_difference(emulated[i], plain[i]) < 0.2);
  }
  if (!has_instructions()) return;
  const auto by_instructions = pass(Precision::bf16, true);
  for (std::size_t i = 0; i < emulated.size(); ++i)
    CHECK(same_bits(emulated[i], by_instructions[i]));
}
