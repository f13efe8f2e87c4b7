#include <cmath>
#include <functional>

#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

struct Unary {
  const char* name;
  Tensor (*op)(const Tensor&);
  double (*reference)(double);
  float low, high;  // where the function is smooth
};

double reference_gelu(double v) {
  return 0.5 * v * (1 + std::tanh(std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v)));
}

const Unary kUnary[] = {
    {"exp", &exp, [](double v) { return std::exp(v); }, -3, 3},
    {"log", &log, [](double v) { return std::log(v); }, 0.5f, 3},
    {"sqrt", &sqrt, [](double v) { return std::sqrt(v); }, 0.5f, 3},
    {"sin", &sin, [](double v) { return std::sin(v); }, -3, 3},
    {"cos", &cos, [](double v) { return std::cos(v); }, -3, 3},
    {"tanh", &tanh, [](double v) { return std::tanh(v); }, -3, 3},
    {"sigmoid", &sigmoid, [](double v) { return 1 / (1 + std::exp(-v)); }, -3, 3},
    {"silu", &silu, [](double v) { return v / (1 + std::exp(-v)); }, -3, 3},
    {"gelu", &gelu, &reference_gelu, -3, 3},
    {"relu, positive", &relu, [](double v) { return v; }, 0.1f, 3},
    {"relu, negative", &relu, [](double) { return 0.0; }, -3, -0.1f},
    {"softplus", &softplus, [](double v) { return std::log1p(std::exp(v)); }, -12, 12},
    {"log_sigmoid", &log_sigmoid, [](double v) { return -std::log1p(std::exp(-v)); }, -12, 12},
    {"abs, positive", &abs, [](double v) { return v; }, 0.1f, 3},
    {"abs, negative", &abs, [](double v) { return -v; }, -3, -0.1f},
    {"elu1, positive", &elu1, [](double v) { return v + 1; }, 0.1f, 3},
    {"elu1, negative", &elu1, [](double v) { return std::exp(v); }, -3, -0.1f},
};

}  // namespace

TEST_CASE("elementwise functions equal the standard library's and have its derivative", "[ops]") {
  for (const Unary& u : kUnary) {
    INFO(u.name);
    for (int64_t n : {0, 1, 2, 37}) {
      const Tensor x = random_tensor({n}, 1, u.low, u.high);
      const Tensor y = u.op(x);
      for (int64_t i = 0; i < n; ++i)
        CHECK(y.data()[i] == Approx(u.reference(x.data()[i])).epsilon(1e-5).margin(1e-6));
      check_gradient([&](const std::vector<Tensor>& in) { return u.op(in[0]); }, {x});
    }
  }
}

TEST_CASE("elementwise functions keep extremes finite and pass NaN on", "[ops]") {
  const Tensor x = Tensor::from({5}, {-1e4f, -100, 100, 1e4f, NAN});
  const Tensor s = sigmoid(x), t = tanh(x), e = exp(x);
  CHECK(s.data()[0] == 0);
  CHECK(s.data()[3] == 1);
  CHECK(t.data()[0] == -1);
  CHECK(t.data()[3] == 1);
  CHECK(e.data()[0] == 0);
  CHECK(std::isinf(e.data()[2]));
  for (const Tensor& y : {s, t, e}) CHECK(std::isnan(y.data()[4]));
}

TEST_CASE("binary operators broadcast like NumPy", "[ops]") {
  using Op = Tensor (*)(const Tensor&, const Tensor&);
  const std::pair<Op, std::function<float(float, float)>> ops[] = {{&add, std::plus<>()},
                                                                   {&sub, std::minus<>()},
                                                                   {&mul, std::multiplies<>()},
                                                                   {&div, std::divides<>()}};
  const std::pair<Shape, Shape> shapes[] = {{{3, 5}, {3, 5}},
                                            {{3, 5}, {5}},
                                            {{5}, {3, 5}},
                                            {{3, 1}, {1, 5}},
                                            {{2, 3, 5}, {3, 1}},
                                            {{1}, {4}},
                                            {{}, {2, 2}},
                                            {{2, 1, 3}, {4, 1}},
                                            {{0, 3}, {3}},
                                            {{1, 1}, {1}},
                                            {{2, 3, 2, 1}, {2, 3, 2, 4}},
                                            {{2, 3, 2, 4}, {2, 4}},
                                            {{2, 1, 2, 4}, {3, 1, 4}},
                                            {{2, 3, 1, 4}, {2, 1, 2, 1}},
                                            {{1, 3, 1, 4}, {1}}};
  for (const auto& [op, f] : ops)
    for (const auto& [sa, sb] : shapes) {
      INFO(sa << " and " << sb);
      const Tensor a = random_tensor(sa, 1, 0.5, 2), b = random_tensor(sb, 2, 0.5, 2);
      const Tensor y = op(a, b);
      const int64_t n = y.size();
      for (int64_t i = 0; i < n; ++i) {
        int64_t rest = i, ia = 0, ib = 0, run_a = 1, run_b = 1;
        for (int axis = 1; axis <= y.rank(); ++axis) {  // from the right
          const int64_t at = rest % y.dim(-axis);
          rest /= y.dim(-axis);
          if (axis <= a.rank()) {
            ia += (a.dim(-axis) == 1 ? 0 : at) * run_a;
            run_a *= a.dim(-axis);
          }
          if (axis <= b.rank()) {
            ib += (b.dim(-axis) == 1 ? 0 : at) * run_b;
            run_b *= b.dim(-axis);
          }
        }
        CHECK(y.data()[i] == Approx(f(a.data()[ia], b.data()[ib])));
      }
      check_gradient([op = op](const std::vector<Tensor>& in) { return op(in[0], in[1]); }, {a, b});
    }
  CHECK_THROWS_WITH(add(Tensor({2, 3}), Tensor({2})),
                    "add: shapes (2, 3) and (2) do not broadcast");
}

TEST_CASE("what repeats along a long tensor gets the same gradient from any number of threads",
          "[ops]") {
  for (const auto& [sa, sb] : std::vector<std::pair<Shape, Shape>>{
           {{200000}, {1}}, {{400, 500}, {}}, {{200, 4, 250}, {4, 1}}, {{200, 4, 250}, {250}}}) {
    INFO(sa << " and " << sb);
    const auto gradients = [&, sa = sa, sb = sb] {
      Tensor a = random_tensor(sa, 1), b = random_tensor(sb, 2);
      a.set_needs_grad(true);
      b.set_needs_grad(true);
      Tape tape;
      tape.backward(sum_all(mul(a, b)));
      std::vector<float> all(a.grad(), a.grad() + a.size());
      all.insert(all.end(), b.grad(), b.grad() + b.size());
      return all;
    };
    const std::vector<float> one = with_threads(1, gradients);
    for (int repeat = 0; repeat < 5; ++repeat) CHECK(with_threads(3, gradients) == one);
  }
}

TEST_CASE("an operand used twice gets both gradients", "[ops]") {
  check_gradient([](const std::vector<Tensor>& in) { return mul(in[0], in[0]); },
                 {random_tensor({7}, 1)});
}

TEST_CASE("scale, shift and gated_silu have the right values and gradients", "[ops]") {
  const Tensor x = random_tensor({3, 5}, 1), g = random_tensor({3, 5}, 2, -3, 3);
  CHECK(scale(x, 2.5f).data()[4] == 2.5f * x.data()[4]);
  CHECK(shift(x, 2.5f).data()[4] == x.data()[4] + 2.5f);
  CHECK(max_difference(gated_silu(x, g), mul(x, silu(g))) < 1e-6);
  check_gradient([](const auto& in) { return shift(scale(in[0], 2.5f), 1); }, {x});
  check_gradient([](const auto& in) { return gated_silu(in[0], in[1]); }, {x, g});
  CHECK_THROWS_AS(gated_silu(x, Tensor({5})), Error);
}

TEST_CASE("pow raises to any exponent, and clamp stops at both ends", "[ops]") {
  const Tensor x = random_tensor({2, 9}, 1, 0.5f, 2);
  for (float exponent : {-1.5f, 0.5f, 3.0f}) {
    const Tensor y = pow(x, exponent);
    for (int64_t i = 0; i < x.size(); ++i)
      CHECK(y.data()[i] == Approx(std::pow(double{x.data()[i]}, double{exponent})));
    check_gradient([=](const auto& in) { return pow(in[0], exponent); }, {x});
  }
  const Tensor five = Tensor::from({5}, {-2, -0.5f, 0, 0.5f, 2});
  const Tensor clamped = clamp(five, -1, 1);
  CHECK(max_difference(clamped, Tensor::from({5}, {-1, -0.5f, 0, 0.5f, 1})) == 0);
  check_gradient([](const auto& in) { return clamp(in[0], -1, 1); }, {five});
  CHECK_THROWS_WITH(clamp(five, 1, -1), "clamp: low 1 above high -1");
}

TEST_CASE("maximum takes the larger value, with broadcasting", "[ops]") {
  const Tensor a = Tensor::from({2, 3}, {1, 5, -3, 2, -7, 4}), b = Tensor::from({3}, {0, 6, -1});
  const Tensor y = maximum(a, b);
  CHECK(max_difference(y, Tensor::from({2, 3}, {1, 6, -1, 2, 6, 4})) == 0);
  check_gradient([](const auto& in) { return maximum(in[0], in[1]); }, {a, b});
}

TEST_CASE("where takes values by a mask, and no gradient of what it leaves", "[ops]") {
  const Tensor mask = Tensor::from({4}, {1, 0, -2, 0});
  const Tensor a = Tensor::from({4}, {1, 2, 3, 4}), b = Tensor::from({4}, {5, 6, 7, 8});
  CHECK(max_difference(where(mask, a, b), Tensor::from({4}, {1, 6, 3, 8})) == 0);
  check_gradient([=](const auto& in) { return where(mask, in[0], in[1]); }, {a, b});
  const Tensor zero({4});
  CHECK(where(zero, log(zero), b).data()[0] == 5);
  CHECK_THROWS_WITH(where(mask, a, Tensor({3})),
                    "where: mask (4), values (4) and (3); expected equal shapes");
}
