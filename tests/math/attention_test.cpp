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
  int64_t B, Tq, Tk, d, dv;
  AttentionSpec spec;
  Lengths lengths;
};

struct Inputs {
  explicit Inputs(const Case& c)
      : q(random_tensor({c.B, c.Tq, c.spec.heads * c.d}, 1)),
        k(random_tensor({c.B, c.Tk, c.spec.heads * c.d}, 2)),
        v(random_tensor({c.B, c.Tk, c.spec.heads * c.dv}, 3)) {}
  Tensor q, k, v;
};

// The definition, one query at a time, in double.
Tensor naive(const Inputs& in, const Case& c) {
  const int64_t H = c.spec.heads;
  const double scale =
      c.spec.scale.value_or(static_cast<float>(1 / std::sqrt(static_cast<double>(c.d))));
  Tensor y(Shape{c.B, c.Tq, H * c.dv});
  for (int64_t b = 0; b < c.B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < c.Tq; ++i) {
        const int64_t keys = c.spec.causal ? std::min(c.lengths[b], i + 1) : c.lengths[b];
        std::vector<double> weight(keys);
        double top = -1e300, total = 0;
        for (int64_t j = 0; j < keys; ++j) {
          for (int64_t e = 0; e < c.d; ++e)
            weight[j] += scale * in.q.data()[(b * c.Tq + i) * H * c.d + h * c.d + e] *
                         in.k.data()[(b * c.Tk + j) * H * c.d + h * c.d + e];
          top = std::max(top, weight[j]);
        }
        for (double& w : weight) total += w = std::exp(w - top);
        for (int64_t e = 0; e < c.dv; ++e) {
          double sum = 0;
          for (int64_t j = 0; j < keys; ++j)
            sum += weight[j] / total * in.v.data()[(b * c.Tk + j) * H * c.dv + h * c.dv + e];
          y.data()[(b * c.Tq + i) * H * c.dv + h * c.dv + e] = static_cast<float>(sum);
        }
      }
  return y;
}

// Values and all three gradients of one call, under a fixed cotangent.
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
  const Tensor y = attention(in.q, in.k, in.v, c.lengths, c.spec);
  tape.backward(sum_all(mul(y, random_tensor(y.shape(), 9))));
  return {y, gradient_of(in.q), gradient_of(in.k), gradient_of(in.v)};
}

double largest_difference(const Result& a, const Result& b) {
  return std::max({max_difference(a.y, b.y), max_difference(a.dq, b.dq), max_difference(a.dk, b.dk),
                   max_difference(a.dv, b.dv)});
}

}  // namespace

TEST_CASE("attention equals the definition at every head width, length and direction",
          "[ops][attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool causal : {false, true})
    for (int64_t d : {1, 5, 8, 16, 24, 32, 64, 80})
      for (int64_t T : {1, 2, 7, 24, 25, 65, 131}) {
        const Case c{2, T, T, d, d, {2, causal}, {T, (T + 1) / 2}};
        INFO("causal " << causal << ", width " << d << ", length " << T);
        const Inputs in(c);
        CHECK(max_difference(attention(in.q, in.k, in.v, c.lengths, c.spec), naive(in, c)) < 5e-6);
      }
}

TEST_CASE("attention takes other widths for values, another scale and fewer queries than keys",
          "[ops][attention]") {
  for (const Case& c :
       {Case{1, 9, 9, 4, 11, {3, true, 2.5f}, {9}}, Case{3, 1, 70, 16, 16, {2, false}, {70, 1, 33}},
        Case{2, 40, 17, 6, 3, {1, false, -1}, {17, 5}}}) {
    const Inputs in(c);
    CHECK(max_difference(attention(in.q, in.k, in.v, c.lengths, c.spec), naive(in, c)) < 5e-6);
  }
}

TEST_CASE("attention has the gradient of finite differences", "[ops][attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (const Case& c :
       {Case{1, 1, 1, 3, 3, {1, true}, {1}}, Case{1, 2, 2, 2, 5, {2, true}, {2}},
        Case{2, 7, 7, 3, 4, {2, true}, {7, 4}}, Case{2, 5, 5, 8, 8, {1, false}, {5, 3}},
        Case{1, 27, 27, 2, 3, {1, true}, {26}}, Case{1, 3, 29, 5, 2, {1, false, 0.7f}, {28}},
        Case{1, 70, 2, 1, 1, {1, false}, {2}}}) {
    INFO(c.Tq << " x " << c.Tk << ", widths " << c.d << " " << c.dv << ", causal "
              << c.spec.causal);
    const Inputs in(c);
    check_gradient([&](const auto& x) { return attention(x[0], x[1], x[2], c.lengths, c.spec); },
                   {in.q, in.k, in.v});
  }
}

TEST_CASE("attention adds up the gradients of one tensor used as query, key and value",
          "[ops][attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  for (bool causal : {false, true})
    check_gradient(
        [=](const auto& x) {
          return attention(x[0], x[0], x[0], {26, 5}, {.heads = 2, .causal = causal});
        },
        {random_tensor({2, 26, 4}, 1)});
}

TEST_CASE("attention gives a gradient to the inputs that need one and no other",
          "[ops][attention]") {
  const Case c{1, 6, 6, 4, 4, {1, true}, {6}};
  for (int wanted = 0; wanted < 3; ++wanted) {
    Inputs in(c);
    std::vector<Tensor> all{in.q, in.k, in.v};
    check_gradient(
        [&](const auto& x) {
          std::vector<Tensor> now = all;
          now[wanted] = x[0];
          return attention(now[0], now[1], now[2], c.lengths, c.spec);
        },
        {all[wanted]});
    for (int other = 0; other < 3; ++other) CHECK((other == wanted || !all[other].has_grad()));
  }
}

TEST_CASE("attention accepts empty batches, sequences and key sets", "[ops][attention]") {
  CHECK(run({0, 5, 5, 4, 4, {2, true}, {}}).y.shape() == Shape{0, 5, 8});
  CHECK(run({2, 0, 0, 4, 4, {2, true}, {0, 0}}).y.shape() == Shape{2, 0, 8});
  const Result no_queries = run({1, 0, 3, 4, 4, {2, false}, {3}});
  CHECK(max_difference(no_queries.dv, Tensor(no_queries.dv.shape())) == 0);
  for (bool causal : {false, true}) {
    const Result no_keys = run({1, 3, 3, 4, 4, {2, causal}, {0}});
    for (const Tensor& x : {no_keys.y, no_keys.dq, no_keys.dk, no_keys.dv})
      CHECK(max_difference(x, Tensor(x.shape())) == 0);
  }
}

TEST_CASE("attention never lets padding reach a real position", "[ops][attention]") {
  for (bool causal : {false, true}) {
    const Case c{2, 50, 50, 8, 8, {2, causal}, {31, 50}};
    Inputs in(c), other(c);
    for (int64_t i = 31 * 16; i < 50 * 16; ++i)
      other.k.data()[i] = other.v.data()[i] = std::nanf("");
    for (Tensor* x : {&other.q, &other.k, &other.v}) x->set_needs_grad(true);
    Tape tape;
    const Tensor y = attention(other.q, other.k, other.v, c.lengths, c.spec);
    CHECK(max_difference(y, attention(in.q, in.k, in.v, c.lengths, c.spec)) == 0);
    tape.backward(sum_all(y));
    for (int64_t i = 31 * 16; i < 50 * 16; ++i) {
      CHECK(other.k.grad()[i] == 0);
      CHECK(other.v.grad()[i] == 0);
    }
    CHECK(std::isfinite(sum_all(gradient_of(other.q)).item()));
  }
}

TEST_CASE("attention at a position does not depend on later ones when causal", "[ops][attention]") {
  const Case c{1, 90, 90, 8, 8, {1, true}, {90}};
  Inputs in(c), changed(c);
  const int64_t t = 47;
  for (int64_t i = (t + 1) * 8; i < 90 * 8; ++i)
    changed.q.data()[i] = changed.k.data()[i] = changed.v.data()[i] = 5;
  const Tensor a = attention(in.q, in.k, in.v, c.lengths, c.spec);
  const Tensor b = attention(changed.q, changed.k, changed.v, c.lengths, c.spec);
  CHECK(max_difference(slice(a, 1, 0, t + 1), slice(b, 1, 0, t + 1)) == 0);
}

TEST_CASE("attention has the same bits for any number of threads and inside a lane",
          "[ops][attention]") {
  const Case c{2, 150, 150, 16, 16, {3, true}, {150, 77}};
  const Result one = with_threads(1, [&] { return run(c); });
  const Threads scope(2);
  CHECK(largest_difference(run(c), one) == 0);
  const LaneScope lane;
  CHECK(largest_difference(run(c), one) == 0);
}

TEST_CASE("attention memory grows with the length, not with its square", "[ops][attention]") {
  const auto peak = [](int64_t T) {
    const LaneScope lane;
    reset_peak_bytes();
    const int64_t before = live_bytes(Memory::activations);
    run({1, T, T, 8, 8, {1, true}, {T}});
    return peak_bytes(Memory::activations) - before;
  };
  const int64_t shorter = peak(512), longer = peak(2048);
  CHECK(longer < 5 * shorter);
  CHECK(longer < 2048 * 2048);  // a quarter of one length x length matrix
}

TEST_CASE("attention stays finite and exact under large logits", "[ops][attention]") {
  Case c{1, 40, 40, 8, 8, {1, true, 2000.0f}, {40}};
  const Inputs in(c);
  const Result r = run(c);
  CHECK(max_difference(r.y, naive(in, c)) < 2e-3);  // logits of 1e4 carry a rounding of 1e-3
  for (const Tensor& x : {r.dq, r.dk, r.dv}) CHECK(std::isfinite(sum_all(x).item()));
}

TEST_CASE("attention passes a NaN on instead of hiding it", "[ops][attention]") {
  const Case c{1, 4, 4, 8, 8, {1, true}, {4}};
  for (int which = 0; which < 3; ++which) {
    Inputs in(c);
    (which == 0 ? in.q : which == 1 ? in.k : in.v).data()[0] = std::nanf("");
    CHECK(std::isnan(attention(in.q, in.k, in.v, c.lengths, c.spec).data()[0]));
  }
}

TEST_CASE("attention counts the products that visible pairs need", "[ops][attention]") {
  const Case c{2, 10, 10, 8, 8, {3, true}, {10, 4}};
  Measurement measured;
  const Meter meter(measured);
  run(c);
  const int64_t pairs = 3 * (10 * 11 / 2 + 4 * 5 / 2 + 6 * 4);
  CHECK(measured.flops == pairs * (4 * 8 + 8 * 8));
}

TEST_CASE("attention names what does not fit", "[ops][attention]") {
  const Tensor x({2, 5, 8});
  CHECK_THROWS_WITH(attention(x, x, x, {5}, {}), "attention: 1 lengths for a batch of 2");
  CHECK_THROWS_WITH(attention(x, x, x, {5, 6}, {}), "attention: length 6 of 5 keys");
  CHECK_THROWS_WITH(attention(Tensor({2, 3, 8}), x, x, {5, 5}, {}),
                    "attention: causal with 3 queries and 5 keys");
  CHECK_THROWS_AS(attention(x, x, x, {5, 5}, {.heads = 3}), Error);
  CHECK_THROWS_AS(attention(x, Tensor({2, 5, 4}), x, {5, 5}, {}), Error);
}
