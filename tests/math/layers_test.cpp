#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

using Inputs = std::vector<Tensor>;

const Shape kShapes[] = {{0, 3}, {3, 0}, {1, 1}, {2, 2}, {3, 37}, {2, 3, 5}, {16, 16}};

// (x - mean) / sqrt(variance + epsilon) * gain + bias, with mean 0 for the root-mean-square norm
double reference_norm(const Tensor& x, int64_t i, bool centred, double epsilon) {
  const int64_t D = x.dim(-1);
  const float* row = x.data() + i / D * D;
  double mean = 0, squares = 0;
  for (int64_t d = 0; d < D && centred; ++d) mean += double{row[d]} / static_cast<double>(D);
  for (int64_t d = 0; d < D; ++d)
    squares += (row[d] - mean) * (row[d] - mean) / static_cast<double>(D);
  return (x.data()[i] - mean) / std::sqrt(squares + epsilon);
}

}  // namespace

TEST_CASE("layer_norm equals its formula in double", "[ops]") {
  for (const Shape& shape : kShapes) {
    INFO(shape);
    const Tensor x = random_tensor(shape, 1, -1, 3);
    const int64_t D = x.dim(-1);
    const Tensor gain = random_tensor({D}, 2, 0.5, 2), bias = random_tensor({D}, 3);
    const Tensor y = layer_norm(x, gain, bias), unbiased = layer_norm(x, gain, Tensor());
    for (int64_t i = 0; i < x.size(); ++i) {
      const double n = reference_norm(x, i, true, 1e-5) * gain.data()[i % D];
      CHECK(y.data()[i] == Approx(n + bias.data()[i % D]).margin(1e-5));
      CHECK(unbiased.data()[i] == Approx(n).margin(1e-5));
    }
    // A large epsilon: the norm of one or two values is otherwise a step function.
    check_gradient([](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 0.1f); },
                   {x, gain, bias});
    check_gradient([](const Inputs& in) { return layer_norm(in[0], in[1], Tensor(), 0.1f); },
                   {x, gain});
  }
  CHECK_THROWS_WITH(layer_norm(Tensor({2, 3}), Tensor({2}), Tensor()),
                    "layer_norm: gain (2) for shape (2, 3)");
  CHECK_THROWS_AS(layer_norm(Tensor({2, 3}), Tensor({3}), Tensor({2})), Error);
}

TEST_CASE("rms_norm equals its formula in double", "[ops]") {
  for (const Shape& shape : kShapes) {
    INFO(shape);
    const Tensor x = random_tensor(shape, 1, -1, 3);
    const int64_t D = x.dim(-1);
    const Tensor gain = random_tensor({D}, 2, 0.5, 2);
    const Tensor y = rms_norm(x, gain);
    for (int64_t i = 0; i < x.size(); ++i)
      CHECK(y.data()[i] ==
            Approx(reference_norm(x, i, false, 1e-6) * gain.data()[i % D]).margin(1e-5));
    check_gradient([](const Inputs& in) { return rms_norm(in[0], in[1], 0.1f); }, {x, gain});
  }
  CHECK_THROWS_WITH(rms_norm(Tensor({2, 3}), Tensor({1, 3})),
                    "rms_norm: gain (1, 3) for shape (2, 3)");
  CHECK_THROWS_AS(rms_norm(Tensor(Shape{}), Tensor({1})), Error);
}

TEST_CASE("norms add to a gradient that is already there, and work with fixed gains or inputs",
          "[ops]") {
  const Tensor x = random_tensor({3, 5}, 1, -1, 3), gain = random_tensor({5}, 2, 0.5, 2);
  check_gradient([](const Inputs& in) { return add(in[0], rms_norm(in[0], in[1], 0.1f)); },
                 {x, gain});
  check_gradient(
      [](const Inputs& in) {
        return add(rms_norm(in[0], in[1], 0.1f), layer_norm(in[0], in[1], in[1], 0.1f));
      },
      {x, gain});
  const Tensor fixed = gain.clone(), constant = x.clone();
  check_gradient([&](const Inputs& in) { return rms_norm(in[0], fixed, 0.1f); }, {x});
  check_gradient([&](const Inputs& in) { return rms_norm(constant, in[0], 0.1f); }, {gain});
  check_gradient([&](const Inputs& in) { return layer_norm(in[0], fixed, fixed, 0.1f); }, {x});
  check_gradient([&](const Inputs& in) { return layer_norm(constant, in[0], Tensor()); }, {gain});
}

TEST_CASE("embedding picks rows, and a row used twice gets both gradients", "[ops]") {
  const Tensor table = random_tensor({5, 3}, 1);
  const std::vector<int32_t> ids = {4, 0, 4, 2, 4, 1};
  const Tensor y = embedding(table, ids, {2, 3});
  REQUIRE(y.shape() == Shape{2, 3, 3});
  for (int64_t i = 0; i < y.size(); ++i) CHECK(y.data()[i] == table.data()[ids[i / 3] * 3 + i % 3]);
  check_gradient([&](const Inputs& in) { return embedding(in[0], ids, {2, 3}); }, {table});
  check_gradient([&](const Inputs& in) { return embedding(in[0], {}, {0}); }, {table});
  check_gradient([&](const Inputs& in) { return embedding(in[0], {0}, {1}); },
                 {random_tensor({1, 1}, 1)});
  check_gradient(
      [&](const Inputs& in) {
        return embedding(in[0], {1, 0}, {2});
      },
      {random_tensor({2, 2}, 1)});
}

TEST_CASE("embedding names the id or shape that does not fit", "[ops]") {
  const Tensor table({5, 3});
  CHECK_THROWS_WITH(embedding(table, {0, 5}, {2}), "embedding: id 5 outside [0, 5)");
  CHECK_THROWS_WITH(embedding(table, {-1}, {1}), "embedding: id -1 outside [0, 5)");
  CHECK_THROWS_WITH(embedding(table, {0, 1}, {3}), "embedding: 2 ids for shape (3)");
  CHECK_THROWS_AS(embedding(Tensor({5}), {0}, {1}), Error);
}

TEST_CASE("dropout keeps its share of values, scaled so that the mean stays", "[ops]") {
  const Tensor x(Shape{100000}, 1.0f);
  for (double p : {0.1, 0.5, 0.9}) {
    const Tensor y = dropout(x, p, Rng(1, "dropout"));
    int64_t kept = 0;
    for (int64_t i = 0; i < y.size(); ++i) {
      if (y.data()[i] == 0) continue;
      ++kept;
      CHECK_FALSE(std::abs(y.data()[i] - 1 / (1 - p)) > 1e-5);
    }
    const double share = static_cast<double>(kept) / 100000;
    CHECK(std::abs(share - (1 - p)) < 4 * std::sqrt(p * (1 - p) / 100000));  // 4 deviations
    CHECK(mean(y, 0).item() == Approx(share / (1 - p)).epsilon(1e-3));
  }
}

TEST_CASE("dropout: the same stream gives the same mask, another stream another one", "[ops]") {
  const Tensor x = random_tensor({3, 37}, 1, 1, 2);
  const Tensor y = dropout(x, 0.5, Rng(1, "dropout"));
  CHECK(max_difference(dropout(x, 0.5, Rng(1, "dropout")), y) == 0);
  CHECK(max_difference(dropout(x, 0.5, Rng(2, "dropout")), y) > 0);
}

TEST_CASE("dropout with probability 0 is the identity; its gradient follows the mask", "[ops]") {
  const Tensor x = random_tensor({3, 5}, 1);
  CHECK(dropout(x, 0, Rng(1, "dropout")).data() == x.data());
  for (const Shape& shape : kShapes)
    check_gradient([](const Inputs& in) { return dropout(in[0], 0.4, Rng(1, "dropout")); },
                   {random_tensor(shape, 1)});
  CHECK_THROWS_WITH(dropout(x, 1, Rng(1, "dropout")), "dropout: probability 1 outside [0, 1)");
  CHECK_THROWS_AS(dropout(x, -0.1, Rng(1, "dropout")), Error);
}

TEST_CASE("causal_conv equals the sum over its taps", "[ops]") {
  for (auto [B, T, D, K] : {std::tuple{0, 3, 2, 2},
                            {1, 1, 1, 1},
                            {2, 2, 2, 4},
                            {2, 7, 5, 4},
                            {1, 0, 3, 2},
                            {2, 3, 5, 0}}) {
    INFO(B << " " << T << " " << D << ", taps " << K);
    const Tensor x = random_tensor({B, T, D}, 1), w = random_tensor({K, D}, 2);
    const Tensor y = causal_conv(x, w);
    for (int64_t b = 0; b < B; ++b)
      for (int64_t t = 0; t < T; ++t)
        for (int64_t d = 0; d < D; ++d) {
          double expected = 0;
          for (int64_t j = 0; j < K && j <= t; ++j)
            expected += double{w.data()[j * D + d]} * double{x.data()[(b * T + t - j) * D + d]};
          CHECK(y.data()[(b * T + t) * D + d] == Approx(expected).margin(1e-6));
        }
    check_gradient([](const Inputs& in) { return causal_conv(in[0], in[1]); }, {x, w});
  }
  CHECK_THROWS_WITH(causal_conv(Tensor({1, 2, 3}), Tensor({4, 2})),
                    "causal_conv: (1, 2, 3) with taps (4, 2)");
}

TEST_CASE("causal_conv gives inputs that need no gradient none", "[ops]") {
  const Tensor x = random_tensor({2, 7, 5}, 1), w = random_tensor({4, 5}, 2);
  check_gradient([&](const Inputs& in) { return causal_conv(x, in[0]); }, {w.clone()});
  CHECK_FALSE(x.has_grad());
  check_gradient([&](const Inputs& in) { return causal_conv(in[0], w); }, {x.clone()});
  CHECK_FALSE(w.has_grad());
}

TEST_CASE("rope turns each pair by its position's angle", "[ops]") {
  const int64_t B = 2, T = 5, heads = 3, half = 2, D = heads * 2 * half;
  const Tensor x = random_tensor({B, T, D}, 1);
  const Tensor y = rope(x, heads, 100, 7);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t t = 0; t < T; ++t)
      for (int64_t h = 0; h < heads; ++h)
        for (int64_t i = 0; i < half; ++i) {
          const int64_t low = (b * T + t) * D + h * 2 * half + i, high = low + half;
          const double angle =
              static_cast<double>(7 + t) * std::pow(100.0, -static_cast<double>(i) / half);
          const double c = std::cos(angle), s = std::sin(angle);
          CHECK(y.data()[low] == Approx(x.data()[low] * c - x.data()[high] * s).margin(1e-6));
          CHECK(y.data()[high] == Approx(x.data()[high] * c + x.data()[low] * s).margin(1e-6));
        }
  check_gradient([](const Inputs& in) { return rope(in[0], 3); }, {x});
  for (const Shape& shape :
       {Shape{0, 2, 2}, Shape{1, 0, 2}, Shape{1, 1, 2}, Shape{2, 2, 4}, Shape{1, 3, 0}})
    check_gradient([](const Inputs& in) { return rope(in[0], 1); }, {random_tensor(shape, 1)});
  CHECK_THROWS_WITH(rope(Tensor({1, 2, 6}), 2), "rope: 2 heads of even width for shape (1, 2, 6)");
  CHECK_THROWS_AS(rope(Tensor({2, 6}), 1), Error);
}

TEST_CASE("rope: the score of a query and a key depends on their distance alone", "[ops]") {
  const Tensor q = random_tensor({1, 1, 16}, 1), k = random_tensor({1, 1, 16}, 2);
  const auto score = [&](int64_t at_q, int64_t at_k) {
    return sum_all(mul(rope(q, 2, 10000, at_q), rope(k, 2, 10000, at_k))).item();
  };
  for (int64_t distance : {0, 1, 5, 100}) {
    const float expected = score(distance, 0);
    for (int64_t shift : {1, 17, 1000})
      CHECK(score(distance + shift, shift) == Approx(expected).margin(1e-5));
  }
  CHECK(std::abs(score(1, 0) - score(5, 0)) > 1e-2);
}

TEST_CASE("rope: a row at position p is the same alone and within a sequence", "[ops]") {
  const Tensor x = random_tensor({2, 5, 8}, 1);
  const Tensor y = rope(x, 2);
  for (int64_t t = 0; t < 5; ++t)
    CHECK(max_difference(rope(slice(x, 1, t, t + 1), 2, 10000, t), slice(y, 1, t, t + 1)) == 0);
}
