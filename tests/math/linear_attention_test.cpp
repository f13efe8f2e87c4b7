#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/memory.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  int64_t B, T, d, dv;
  LinearAttentionSpec spec;
  Lengths lengths;
};

// Features are positive, as those of elu + 1 are.
struct Inputs {
  explicit Inputs(const Case& c)
      : q(random_tensor({c.B, c.T, c.spec.heads * c.d}, 1, 0.1f, 2)),
        k(random_tensor({c.B, c.T, c.spec.heads * c.d}, 2, 0.1f, 2)),
        v(random_tensor({c.B, c.T, c.spec.heads * c.dv}, 3)) {}
  Tensor q, k, v;
};

// The masked quadratic form in double.
Tensor quadratic(const Inputs& in, const Case& c) {
  const int64_t H = c.spec.heads;
  Tensor y(in.v.shape());
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < c.T; ++i) {
        double total = c.spec.epsilon;
        std::vector<double> sum(c.dv);
        for (int64_t j = 0; j < (c.spec.causal ? std::min(c.lengths[b], i + 1) : c.lengths[b]);
             ++j) {
          double weight = 0;
          for (int64_t e = 0; e < c.d; ++e)
            weight += double{in.q.data()[(b * c.T + i) * H * c.d + h * c.d + e]} *
                      double{in.k.data()[(b * c.T + j) * H * c.d + h * c.d + e]};
          total += weight;
          for (int64_t e = 0; e < c.dv; ++e)
            sum[e] += weight * double{in.v.data()[(b * c.T + j) * H * c.dv + h * c.dv + e]};
        }
        for (int64_t e = 0; e < c.dv; ++e)
          y.data()[(b * c.T + i) * H * c.dv + h * c.dv + e] =
              static_cast<float>(c.spec.normalise ? sum[e] / total : sum[e]);
      }
  return y;
}

struct Result {
  Tensor y, dq, dk, dv;
};

Tensor gradient_of(const Tensor& x) {
  Tensor copy = Tensor::empty(x.shape());
  std::copy_n(x.grad(), x.size(), copy.data());
  return copy;
}

Result run(const Case& c) {
  Inputs in(c);
  for (Tensor* x : {&in.q, &in.k, &in.v}) x->set_needs_grad(true);
  Tape tape;
  const Tensor y = linear_attention(in.q, in.k, in.v, c.lengths, c.spec);
  tape.backward(sum_all(mul(y, random_tensor(y.shape(), 9))));
  return {y, gradient_of(in.q), gradient_of(in.k), gradient_of(in.v)};
}

double largest_difference(const Result& a, const Result& b) {
  return std::max({max_difference(a.y, b.y), max_difference(a.dq, b.dq), max_difference(a.dk, b.dk),
                   max_difference(a.dv, b.dv)});
}

}  // namespace

TEST_CASE("linear_attention equals the masked quadratic form at every width, length and chunk",
          "[ops][linear_attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool causal : {false, true})
    for (auto [d, dv] : {std::pair{1, 1}, {3, 5}, {8, 16}, {16, 8}, {32, 32}, {40, 24}})
      for (int64_t T : {1, 2, 7, 64, 65, 130})
        for (int64_t chunk : {1, 5, 64}) {
          const Case c{2, T, d, dv, {2, causal, chunk}, {T, (T + 1) / 2}};
          INFO("causal " << causal << ", widths " << d << " " << dv << ", length " << T
                         << ", chunk " << chunk);
          const Inputs in(c);
          CHECK(max_difference(linear_attention(in.q, in.k, in.v, c.lengths, c.spec),
                               quadratic(in, c)) < 1e-5);
        }
}

TEST_CASE("linear_attention equals the recurrence of its state", "[ops][linear_attention]") {
  const Case c{1, 37, 6, 4, {1, true, 8}, {37}};
  const Inputs in(c);
  Tensor S({6, 4}), z({6, 1});
  const Tensor y = linear_attention(in.q, in.k, in.v, c.lengths, c.spec);
  for (int64_t t = 0; t < c.T; ++t) {
    const auto row = [&](const Tensor& x) { return reshape(slice(x, 1, t, t + 1), {1, x.dim(2)}); };
    S = S + matmul(transpose(row(in.k)), row(in.v));
    z = z + transpose(row(in.k));
    const Tensor expected = matmul(row(in.q), S) / shift(matmul(row(in.q), z), c.spec.epsilon);
    CHECK(max_difference(row(y), expected) < 1e-5);
  }
}

TEST_CASE("linear_attention has the gradient of finite differences", "[ops][linear_attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (const Case& c :
       {Case{1, 1, 3, 3, {1, true, 4}, {1}}, Case{1, 2, 2, 5, {2, true, 1}, {2}},
        Case{2, 7, 3, 4, {2, true, 3}, {7, 4}}, Case{2, 5, 8, 8, {1, false, 2}, {5, 3}},
        Case{1, 29, 2, 3, {1, true, 64}, {28}}, Case{1, 29, 3, 2, {2, true, 27}, {29}},
        Case{2, 9, 2, 3, {2, false, 64}, {9, 0}}}) {
    INFO(c.T << " positions, widths " << c.d << " " << c.dv << ", chunk " << c.spec.chunk
             << ", causal " << c.spec.causal);
    const Inputs in(c);
    check_gradient(
        [&](const auto& x) { return linear_attention(x[0], x[1], x[2], c.lengths, c.spec); },
        {in.q, in.k, in.v});
  }
}

TEST_CASE("linear_attention without a normaliser is the masked product",
          "[ops][linear_attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool causal : {false, true}) {
    const Case c{2, 29, 3, 5, {2, causal, 8, 0, false}, {29, 13}};
    const Inputs in(c);
    CHECK(max_difference(linear_attention(in.q, in.k, in.v, c.lengths, c.spec), quadratic(in, c)) <
          1e-4);
    check_gradient(
        [&](const auto& x) { return linear_attention(x[0], x[1], x[2], c.lengths, c.spec); },
        {in.q, in.k, in.v});
  }
}

TEST_CASE("linear_attention has the same gradient for every chunk size",
          "[ops][linear_attention]") {
  const auto at = [](int64_t chunk) { return run({2, 90, 16, 8, {2, true, chunk}, {90, 51}}); };
  const Result one = at(128);
  for (int64_t chunk : {1, 24, 37, 64}) {
    INFO("chunk " << chunk);
    CHECK(largest_difference(at(chunk), one) < 1e-5);
  }
}

TEST_CASE("linear_attention adds up the gradients of one tensor used as query, key and value",
          "[ops][linear_attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool causal : {false, true})
    check_gradient(
        [=](const auto& x) {
          return linear_attention(x[0], x[0], x[0], {26, 5},
                                  {.heads = 2, .causal = causal, .chunk = 8});
        },
        {random_tensor({2, 26, 4}, 1, 0.1f, 2)});
}

TEST_CASE("linear_attention gives a gradient to the inputs that need one and no other",
          "[ops][linear_attention]") {
  const Case c{1, 6, 4, 4, {1, true, 4}, {6}};
  for (int wanted = 0; wanted < 3; ++wanted) {
    const Inputs in(c);
    std::vector<Tensor> all{in.q, in.k, in.v};
    check_gradient(
        [&](const auto& x) {
          std::vector<Tensor> now = all;
          now[wanted] = x[0];
          return linear_attention(now[0], now[1], now[2], c.lengths, c.spec);
        },
        {all[wanted]});
    for (int other = 0; other < 3; ++other) CHECK((other == wanted || !all[other].has_grad()));
  }
}

TEST_CASE("linear_attention accepts empty batches, sequences and key sets",
          "[ops][linear_attention]") {
  CHECK(run({0, 5, 4, 4, {2, true}, {}}).y.shape() == Shape{0, 5, 8});
  CHECK(run({2, 0, 4, 4, {2, true}, {0, 0}}).y.shape() == Shape{2, 0, 8});
  for (bool causal : {false, true}) {
    const Result no_keys = run({1, 3, 4, 4, {2, causal}, {0}});
    for (const Tensor& x : {no_keys.y, no_keys.dq, no_keys.dk, no_keys.dv})
      CHECK(max_difference(x, Tensor(x.shape())) == 0);
  }
}

TEST_CASE("linear_attention never lets padding reach a real position", "[ops][linear_attention]") {
  for (bool causal : {false, true}) {
    const Case c{2, 50, 8, 8, {2, causal, 16}, {31, 50}};
    const Inputs in(c);
    Inputs other(c);
    for (int64_t i = 31 * 16; i < 50 * 16; ++i)
      other.k.data()[i] = other.v.data()[i] = std::nanf("");
    for (Tensor* x : {&other.q, &other.k, &other.v}) x->set_needs_grad(true);
    Tape tape;
    const Tensor y = linear_attention(other.q, other.k, other.v, c.lengths, c.spec);
    CHECK(max_difference(y, linear_attention(in.q, in.k, in.v, c.lengths, c.spec)) == 0);
    tape.backward(sum_all(y));
    for (int64_t i = 31 * 16; i < 50 * 16; ++i) {
      CHECK(other.k.grad()[i] == 0);
      CHECK(other.v.grad()[i] == 0);
    }
    CHECK(std::isfinite(sum_all(gradient_of(other.q)).item()));
  }
}

TEST_CASE("linear_attention has the same bits for any number of threads and inside a lane",
          "[ops][linear_attention]") {
  const Case c{2, 150, 16, 16, {3, true, 32}, {150, 77}};
  const Result one = with_threads(1, [&] { return run(c); });
  const Threads scope(2);
  CHECK(largest_difference(run(c), one) == 0);
  const LaneScope lane;
  CHECK(largest_difference(run(c), one) == 0);
}

TEST_CASE("linear_attention keeps no state per position", "[ops][linear_attention]") {
  const LaneScope lane;
  reset_peak_bytes();
  const int64_t before = live_bytes(Memory::activations);
  const int64_t T = 2048, d = 32;
  run({1, T, d, d, {1, true, 64}, {T}});
  CHECK(peak_bytes(Memory::activations) - before < T * d * d * 4 / 2);  // half of those states
}

TEST_CASE("linear_attention counts the products of its chunks", "[ops][linear_attention]") {
  const auto flops = [](const Case& c) {
    const Inputs in(c);
    Measurement measured;
    const Meter meter(measured);
    linear_attention(in.q, in.k, in.v, c.lengths, c.spec);
    return measured.flops;
  };
  const int64_t pairs = 10 + 10 + 3, states = (4 + 2) + (4 + 4);  // chunks of 4, 4 and 2
  CHECK(flops({1, 10, 8, 6, {3, true, 4}, {10}}) == 3 * (pairs * 2 * (8 + 6) + states * 2 * 8 * 6));
  CHECK(flops({1, 10, 8, 6, {3, false, 4}, {7}}) == 3 * (10 + 7) * 2 * 8 * 6);
}

TEST_CASE("linear_attention names what does not fit", "[ops][linear_attention]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_WITH(linear_attention(x, x, x, {5}, {}),
                    "linear_attention: 1 lengths for a batch of 2");
  CHECK_THROWS_WITH(linear_attention(x, x, x, {5, 6}, {}), "linear_attention: length 6 of 5");
  CHECK_THROWS_WITH(linear_attention(x, x, x, {5, 5}, {.chunk = 0}),
                    "linear_attention: chunk 0, expected at least 1");
  CHECK_THROWS_AS(linear_attention(x, x, x, {5, 5}, {.heads = 3}), Error);
}
