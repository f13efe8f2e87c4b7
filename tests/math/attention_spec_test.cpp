// The parts of AttentionSpec beside heads, direction and scale: windows, biases by distance, heads
// that share keys, scores that change with the distance, queries that stand later, forget gates
// and sinks.

#include <cmath>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "math/meter.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Case {
  const char* name;
  int64_t Tq, Tk, d, dv;
  Lengths lengths;
  AttentionSpec spec;
  bool bias = false, far = false, forget = false, sink = false;

  int64_t groups() const { return spec.kv_heads ? spec.kv_heads : spec.heads; }
};

// q, k, v, and where the case has them bias, log_forget, sink, far_q, far_k.
std::vector<Tensor> inputs(const Case& c) {
  const auto B = static_cast<int64_t>(c.lengths.size());
  const Shape q{B, c.Tq, c.spec.heads * c.d}, k{B, c.Tk, c.groups() * c.d};
  std::vector<Tensor> all{random_tensor(q, 1), random_tensor(k, 2),
                          random_tensor({B, c.Tk, c.groups() * c.dv}, 3)};
  if (c.bias)
    all.push_back(random_tensor({c.spec.heads, std::max(c.spec.first + c.Tq, c.Tk) + 2}, 4));
  if (c.forget) all.push_back(random_tensor({B, c.Tk, c.spec.heads}, 7, -2, 0));
  if (c.sink) all.push_back(random_tensor({c.spec.heads}, 8));
  if (c.far) all.insert(all.end(), {random_tensor(q, 5), random_tensor(k, 6)});
  return all;
}

const Tensor& forget_of(const Case& c, const std::vector<Tensor>& in) { return in[c.bias ? 4 : 3]; }
const Tensor& sink_of(const Case& c, const std::vector<Tensor>& in) {
  return in[3 + (c.bias ? 1 : 0) + (c.forget ? 1 : 0)];
}

Tensor tiled(const Case& c, const std::vector<Tensor>& in) {
  AttentionSpec spec = c.spec;
  if (c.bias) spec.bias = in[3];
  if (c.forget) spec.log_forget = forget_of(c, in);
  if (c.sink) spec.sink = sink_of(c, in);
  if (c.far) {
    spec.far_q = in[in.size() - 2];
    spec.far_k = in[in.size() - 1];
  }
  return attention(in[0], in[1], in[2], c.lengths, spec);
}

double at(const Tensor& x, int64_t b, int64_t t, int64_t column) {
  return x.data()[(b * x.dim(1) + t) * x.dim(2) + column];
}

// The logits of one query, -inf where the key is not seen.
std::vector<double> logits(const Case& c, const std::vector<Tensor>& in, int64_t b, int64_t h,
                           int64_t i) {
  const int64_t g = h / (c.spec.heads / c.groups());
  std::vector<double> s(c.Tk, -INFINITY);
  for (int64_t j = 0; j < c.lengths[b]; ++j) {
    const int64_t D = c.spec.first + i - j;
    if ((c.spec.causal && D < 0) || (c.spec.window && std::abs(D) >= c.spec.window)) continue;
    const bool far = c.far && D >= c.spec.far_from;
    const Tensor &q = far ? in[in.size() - 2] : in[0], &k = far ? in[in.size() - 1] : in[1];
    double dot = 0;
    for (int64_t e = 0; e < c.d; ++e) dot += at(q, b, i, h * c.d + e) * at(k, b, j, g * c.d + e);
    s[j] = dot * c.spec.scale.value_or(1 / std::sqrt(static_cast<float>(c.d)));
    if (c.bias) s[j] += in[3].data()[h * in[3].dim(1) + std::abs(D)];
    for (int64_t t = j + 1; c.forget && t <= c.spec.first + i; ++t)
      s[j] += at(forget_of(c, in), b, t, h);
  }
  return s;
}

// The definition, one query at a time, in double.
Tensor naive(const Case& c, const std::vector<Tensor>& in) {
  const auto B = static_cast<int64_t>(c.lengths.size());
  const int64_t H = c.spec.heads;
  Tensor y(Shape{B, c.Tq, H * c.dv});
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < c.Tq; ++i) {
        std::vector<double> weight = logits(c, in, b, h, i);
        double total = 0;
        for (double& w : weight) total += w = std::exp(w);
        if (c.sink) total += std::exp(double{sink_of(c, in).data()[h]});
        const int64_t g = h / (H / c.groups());
        for (int64_t e = 0; e < c.dv && total > 0; ++e) {
          double sum = 0;
          for (int64_t j = 0; j < c.Tk; ++j)
            if (weight[j] > 0) sum += weight[j] * at(in[2], b, j, g * c.dv + e);
          y.data()[(b * c.Tq + i) * H * c.dv + h * c.dv + e] = static_cast<float>(sum / total);
        }
      }
  return y;
}

AttentionSpec spec(int64_t heads, bool causal, int64_t kv_heads = 0, int64_t window = 0,
                   int64_t first = 0, int64_t far_from = 0) {
  AttentionSpec s{.heads = heads, .causal = causal};
  s.kv_heads = kv_heads;
  s.window = window;
  s.first = first;
  s.far_from = far_from;
  return s;
}

// For finite differences: every option, at sizes on both sides of a tile's.
std::vector<Case> small_cases() {
  return {
      {"window 1", 5, 5, 3, 2, {5, 2}, spec(1, true, 0, 1)},
      {"window", 29, 29, 2, 3, {29}, spec(1, true, 0, 4)},
      {"window, both sides", 27, 27, 3, 2, {27, 9}, spec(1, false, 0, 5)},
      {"window, fewer queries than keys", 3, 31, 2, 2, {30}, spec(2, false, 0, 4, 20)},
      {"bias", 13, 13, 3, 3, {13, 6}, spec(2, true), true},
      {"bias, both sides", 9, 9, 2, 2, {9, 4}, spec(3, false), true},
      {"bias and window, both sides", 37, 37, 1, 2, {37}, spec(1, false, 0, 6), true},
      {"shared keys", 7, 7, 3, 2, {7, 5}, spec(4, true, 2)},
      {"one key head, bias", 8, 8, 2, 3, {8, 0}, spec(3, false, 1), true},
      {"far scores", 11, 11, 2, 3, {11, 7}, spec(2, true, 0, 0, 0, 4), false, true},
      {"far scores, shared keys, bias, window",
       35,
       35,
       2,
       1,
       {35},
       spec(2, true, 1, 20, 0, 9),
       true,
       true},
      {"far scores everywhere", 4, 4, 2, 2, {4}, spec(1, true, 0, 0, 0, 0), false, true},
      {"no query in reach of a key", 2, 40, 2, 2, {40}, spec(1, false, 0, 3, 5)},
      {"forget gate", 13, 13, 3, 2, {13, 6}, spec(2, true), false, false, true},
      {"forget gate, window, bias", 37, 37, 2, 2, {37}, spec(1, true, 0, 9), true, false, true},
      {"sink", 9, 9, 3, 2, {9, 0}, spec(2, true), false, false, false, true},
      {"sink, both sides", 7, 7, 3, 2, {7, 3}, spec(2, false), false, false, false, true},
      {"forget gate, sink, shared keys",
       33,
       33,
       2,
       2,
       {33, 7},
       spec(2, true, 1),
       false,
       false,
       true,
       true},
      {"forget gate, sink, far scores",
       11,
       11,
       2,
       3,
       {11},
       spec(2, true, 0, 0, 0, 4),
       true,
       true,
       true,
       true},
      {"forget gate, one late query",
       1,
       40,
       2,
       2,
       {40},
       spec(2, false, 0, 0, 39),
       false,
       false,
       true,
       true},
      {"nothing", 0, 0, 2, 2, {0}, spec(1, true, 0, 3), true},
  };
}

}  // namespace

TEST_CASE("attention equals the definition with every part of its spec", "[ops][attention]") {
  const LaneScope lane;  // tiny calls: not worth waking threads for
  std::vector<Case> cases = small_cases();
  for (int64_t T : {1, 2, 31, 33, 64, 65, 131, 201})
    for (int64_t window : {0, 1, 16, 70}) {
      cases.push_back(
          {"causal", T, T, 8, 8, {T, T / 2}, spec(4, true, 2, window, 0, 40), true, true});
      cases.push_back({"both sides", T, T, 6, 5, {T, T / 2}, spec(2, false, 1, window), true});
      cases.push_back({"forget gate and sink",
                       T,
                       T,
                       8,
                       8,
                       {T, T / 2},
                       spec(2, true, 0, window),
                       false,
                       false,
                       true,
                       true});
      cases.push_back(
          {"one query", 1, T, 8, 8, {T}, spec(2, false, 1, window, T - 1, 33), true, true});
    }
  for (const Case& c : cases) {
    INFO(c.name << ": " << c.Tq << " x " << c.Tk << ", window " << c.spec.window);
    const std::vector<Tensor> in = inputs(c);
    CHECK(max_difference(tiled(c, in), naive(c, in)) < 5e-6);
  }
}

TEST_CASE("attention has the gradient of finite differences with every part of its spec",
          "[ops][attention]") {
  const LaneScope lane;
  for (const Case& c : small_cases()) {
    INFO(c.name);
    check_gradient([&](const auto& in) { return tiled(c, in); }, inputs(c));
  }
}

TEST_CASE("attention has the same bits for any number of threads with every part of its spec",
          "[ops][attention]") {
  const Case c{"all", 90, 90, 8, 8, {90, 61}, spec(4, true, 2, 50, 0, 20), true, true};
  const auto run = [&] {
    std::vector<Tensor> in = inputs(c);
    for (Tensor& x : in) x.set_needs_grad(true);
    Tape tape;
    const Tensor y = tiled(c, in);
    tape.backward(sum_all(mul(y, random_tensor(y.shape(), 9))));
    std::vector<Tensor> all{y};
    for (const Tensor& x : in) {
      all.push_back(Tensor::empty(x.shape()));
      std::copy_n(x.grad(), x.size(), all.back().data());
    }
    return all;
  };
  const std::vector<Tensor> one = with_threads(1, run), two = with_threads(2, run);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(max_difference(one[i], two[i]) == 0);
}

TEST_CASE("attention under a window counts, and does, work linear in the length",
          "[ops][attention]") {
  const auto flops = [](int64_t T) {
    const Tensor x = random_tensor({1, T, 8}, 1);
    Measurement measured;
    const Meter meter(measured);
    attention(x, x, x, {T}, spec(1, true, 0, 10));
    return measured.flops;
  };
  CHECK(flops(100) == (100 * 10 - 45) * 4 * 8);
  CHECK(flops(2000) == (2000 * 10 - 45) * 4 * 8);
}

TEST_CASE("attention never reads what a window hides", "[ops][attention]") {
  const Tensor q = random_tensor({1, 200, 8}, 1), k = random_tensor({1, 200, 8}, 2);
  Tensor broken = k.clone();
  for (int64_t i = 0; i < 64 * 8; ++i) broken.data()[i] = std::nanf("");
  const AttentionSpec s = spec(1, true, 0, 20);
  const Tensor y = slice(attention(q, broken, broken, {200}, s), 1, 120, 200);
  CHECK(max_difference(y, slice(attention(q, k, k, {200}, s), 1, 120, 200)) == 0);
}

TEST_CASE("attention names the part of its spec that does not fit", "[ops][attention]") {
  const Tensor x({1, 5, 8}), half({1, 5, 4});
  AttentionSpec s{.heads = 2};
  s.bias = Tensor({2, 4});
  CHECK_THROWS_WITH(attention(x, x, x, {5}, s),
                    "attention: expected a bias [heads, 5 or more], found (2, 4)");
  s.bias = Tensor();
  s.far_q = x;
  CHECK_THROWS_WITH(attention(x, x, x, {5}, s),
                    "attention: one of far_q and far_k without the other");
  s.far_k = half;
  CHECK_THROWS_AS(attention(x, x, x, {5}, s), Error);
  CHECK_THROWS_WITH(attention(x, x, x, {5}, spec(2, true, 0, -1)),
                    "attention: window -1, first 0; neither may be negative");
  CHECK_THROWS_WITH(attention(x, x, x, {5}, spec(2, true, 0, 0, 3)),
                    "attention: causal with queries from 3 on");
  CHECK_THROWS_AS(attention(x, half, half, {5}, spec(3, true, 1)), Error);
  CHECK(attention(x, half, half, {5}, spec(2, true, 1)).shape() == x.shape());
}
