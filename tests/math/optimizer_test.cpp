
#include <cmath>

#include "math/optimizer.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

constexpr double kRate = 0.01, kFactor = 0.5;

// Two parameters, of 5 and 1 values; the second learns twice as fast and does not decay.
struct Model {
  std::vector<Parameter> parameters = {{"a", random_tensor({5}, 1), {}},
                                       {"b", random_tensor({1}, 2), {2, false}}};
  std::vector<int64_t> offsets = gradient_layout(parameters);

  std::vector<float> gradient(uint64_t step) const {
    std::vector<float> flat(static_cast<std::size_t>(offsets.back()));
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const Tensor g = random_tensor(parameters[p].value.shape(), 10 * step + p);
      std::copy_n(g.data(), g.size(), flat.begin() + offsets[p]);
    }
    return flat;
  }
};

// Three steps of a rule, checked against `step(w, g, m, s, t)`: the change of w at rate 1, with the
// memories m and s that it updates.
template <class Step>
void check_rule(OptimizerSpec spec, Step step) {
  spec.weight_decay = 0.1;
  Model model;
  std::vector<std::vector<double>> w, m, s;
  for (const Parameter& p : model.parameters) {
    w.emplace_back(p.value.data(), p.value.data() + p.value.size());
    m.emplace_back(w.back().size());
    s.emplace_back(w.back().size());
  }
  Optimizer optimizer(model.parameters, model.offsets, spec);
  for (int t = 1; t <= 3; ++t) {
    const std::vector<float> gradient = model.gradient(t);
    optimizer.step(gradient.data(), kFactor, kRate);
    for (std::size_t p = 0; p < w.size(); ++p) {
      const double rate = p == 0 ? kRate : 2 * kRate, decay = p == 0 ? 0.1 : 0;
      for (std::size_t i = 0; i < w[p].size(); ++i) {
        const double g = kFactor * double{gradient[model.offsets[p] + i]};
        w[p][i] -= rate * (decay * w[p][i] + step(g, m[p][i], s[p][i], t));
        CHECK(model.parameters[p].value.data()[i] == Approx(w[p][i]).margin(1e-7));
      }
    }
  }
}

double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

}  // namespace

TEST_CASE("optimizer: each rule makes the steps of its formula", "[optimizer]") {
  check_rule({.name = "adamw"}, [](double g, double& m, double& s, int t) {
    m = 0.9 * m + 0.1 * g;
    s = 0.98 * s + 0.02 * g * g;
    return m / (1 - std::pow(0.9, t)) / (std::sqrt(s / (1 - std::pow(0.98, t))) + 1e-8);
  });
  check_rule({.name = "sgd", .momentum = 0.7},
             [](double g, double& m, double&, int) { return m = 0.7 * m + g; });
  check_rule({.name = "sign_sgd"}, [](double g, double&, double&, int) { return sign(g); });
  check_rule({.name = "lion"}, [](double g, double& m, double&, int) {
    const double way = sign(0.9 * m + 0.1 * g);
    m = 0.99 * m + 0.01 * g;
    return way;
  });
}

TEST_CASE("optimizer: values are held in the range of their group and can leave its ends",
          "[optimizer]") {
  for (const OptimizerInfo& info : optimizers()) {
    const Tensor w = Tensor::from({3}, {0.5f, 0.5f, 0.5f});
    const std::vector<Parameter> parameters = {
        {"w", w, {.decay = false, .least = 0.49f, .most = 0.51f}}};
    const std::vector<int64_t> offsets = gradient_layout(parameters);
    Optimizer optimizer(parameters, offsets, {.name = info.name, .momentum = 0});
    std::vector<float> gradient(static_cast<std::size_t>(offsets.back()));
    const auto step = [&](float down, float up) {
      gradient[0] = down;
      gradient[1] = up;
      for (int i = 0; i < 20; ++i) optimizer.step(gradient.data(), 1, 0.1);
      return std::vector<float>(w.data(), w.data() + 3);
    };
    CHECK(step(1, -1) == std::vector<float>{0.49f, 0.51f, 0.5f});
    CHECK(step(-1, 1) == std::vector<float>{0.51f, 0.49f, 0.5f});
  }
}

TEST_CASE("optimizer: a weight without gradient only decays under the signs", "[optimizer]") {
  for (const char* name : {"sign_sgd", "lion"}) {
    Model model;
    const float before = model.parameters[1].value.item();
    Optimizer optimizer(model.parameters, model.offsets, {.name = name});
    optimizer.step(std::vector<float>(model.offsets.back()).data(), 1, 1);
    CHECK(model.parameters[1].value.item() == before);
  }
}

TEST_CASE("warmup_cosine: rises in a line, falls in half a cosine, ends at 0", "[optimizer]") {
  CHECK(warmup_cosine(0, 0.1) == 0);
  CHECK(warmup_cosine(0.05, 0.1) == Approx(0.5));
  CHECK(warmup_cosine(0.1, 0.1) == 1);
  CHECK(warmup_cosine(0.55, 0.1) == Approx(0.5));
  CHECK(warmup_cosine(0.325, 0.1) == Approx(0.5 * (1 + std::sqrt(0.5))));
  CHECK(warmup_cosine(1, 0.1) == 0);
  CHECK(warmup_cosine(1.5, 0.1) == 0);
  CHECK(warmup_cosine(0, 0) == 1);  // no warmup
  CHECK(warmup_cosine(0.5, 1) == 0.5);
  CHECK(warmup_cosine(1, 1) == 0);  // warmup to the end
}

namespace {

// The sum of the lanes, then its norm.
std::vector<double> summed(std::vector<std::vector<float>> lanes) {
  std::vector<float*> pointers;
  for (std::vector<float>& lane : lanes) pointers.push_back(lane.data());
  const double norm = sum_gradients(pointers, static_cast<int64_t>(lanes[0].size()));
  std::vector<double> sum(lanes[0].begin(), lanes[0].end());
  sum.push_back(norm);
  return sum;
}

}  // namespace

TEST_CASE("sum_gradients: the sum of any number of lanes, and its norm", "[optimizer]") {
  CHECK(summed({{3, 4}}) == std::vector<double>{3, 4, 5});
  CHECK(summed({{1, 2}, {2, 2}}) == std::vector<double>{3, 4, 5});
  CHECK(summed({{1, 0}, {1, 1}, {1, 0}, {0, 3}, {0, 0}}) == std::vector<double>{3, 4, 5});
}

TEST_CASE("sum_gradients: lanes are added by a fixed tree", "[optimizer]") {
  // (1e8 + 1) + (-1e8 + 1): both ones are lost; from left to right the last would stay.
  CHECK(summed({{1e8f}, {1}, {-1e8f}, {1}}) == std::vector<double>{0, 0});
}

TEST_CASE("sum_gradients: the same bits for any number of threads", "[optimizer]") {
  std::vector<std::vector<float>> lanes;
  for (uint64_t lane = 0; lane < 3; ++lane) {
    const Tensor values = random_tensor({50000}, lane);
    lanes.emplace_back(values.data(), values.data() + values.size());
  }
  const int before = threads();
  set_threads(1);
  const std::vector<double> alone = summed(lanes);
  set_threads(4);
  CHECK(summed(lanes) == alone);
  set_threads(before);
}

TEST_CASE("optimizer: every row of the table makes steps, and no other name does", "[optimizer]") {
  for (const OptimizerInfo& info : optimizers()) {
    INFO(info.name);
    Model model;
    const std::vector<float> gradient = model.gradient(1);
    const float before = model.parameters[1].value.item();
    Optimizer optimizer(model.parameters, model.offsets, {.name = info.name});
    optimizer.step(gradient.data(), 1, kRate);
    CHECK(model.parameters[1].value.item() != before);
  }
  Model model;
  CHECK_THROWS_WITH(
      Optimizer(model.parameters, model.offsets, {.name = "adam"}),
      Catch::Matchers::StartsWith("no optimizer 'adam'; did you mean 'adamw'? known: adamw "));
}
