
#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "math/optimizer.h"
#include "math/orthogonal.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/threads.h"

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
void check_rule(const std::string& name, OptimizerSpec spec, Step step) {
  spec.weight_decay = 0.1;
  Model model;
  std::vector<std::vector<double>> w, m, s;
  for (const Parameter& p : model.parameters) {
    w.emplace_back(p.value.data(), p.value.data() + p.value.size());
    m.emplace_back(w.back().size());
    s.emplace_back(w.back().size());
  }
  Optimizer optimizer(model.parameters, model.offsets, spec, Registry().optimizer(name));
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
  check_rule("adamw", {}, [](double g, double& m, double& s, int t) {
    m = 0.9 * m + 0.1 * g;
    s = 0.98 * s + 0.02 * g * g;
    return m / (1 - std::pow(0.9, t)) / (std::sqrt(s / (1 - std::pow(0.98, t))) + 1e-8);
  });
  check_rule("sgd", {.momentum = 0.7},
             [](double g, double& m, double&, int) { return m = 0.7 * m + g; });
  check_rule("sign_sgd", {}, [](double g, double&, double&, int) { return sign(g); });
  check_rule("lion", {}, [](double g, double& m, double&, int) {
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
    Optimizer optimizer(parameters, offsets, {.momentum = 0}, info);
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
    Optimizer optimizer(model.parameters, model.offsets, {}, Registry().optimizer(name));
    optimizer.step(std::vector<float>(model.offsets.back()).data(), 1, 1);
    CHECK(model.parameters[1].value.item() == before);
  }
}

TEST_CASE("optimizer: betas may be chosen, and 0 is the optimizer's own", "[optimizer]") {
  check_rule("adamw", {.beta1 = 0.5, .beta2 = 0.999}, [](double g, double& m, double& s, int t) {
    m = 0.5 * m + 0.5 * g;
    s = 0.999 * s + 0.001 * g * g;
    return m / (1 - std::pow(0.5, t)) / (std::sqrt(s / (1 - std::pow(0.999, t))) + 1e-8);
  });
  check_rule("adamw", {.beta1 = 0}, [](double g, double&, double& s, int t) {
    s = 0.98 * s + 0.02 * g * g;
    return g / (std::sqrt(s / (1 - std::pow(0.98, t))) + 1e-8);
  });
  check_rule("adamw", {.beta1 = 0, .beta2 = 1e-9},
             [](double g, double&, double&, int) { return g / (std::abs(g) + 1e-8); });
  check_rule("lion", {.beta1 = 0, .beta2 = 1e-9},
             [](double g, double&, double&, int) { return sign(g); });
  check_rule("lion", {.beta1 = 0.8, .beta2 = 0.95}, [](double g, double& m, double&, int) {
    const double way = sign(0.8 * m + 0.2 * g);
    m = 0.95 * m + 0.05 * g;
    return way;
  });
}

TEST_CASE("optimizer: muon makes steps of hidden matrices orthogonal and of the rest like adamw",
          "[optimizer]") {
  const Tensor first = random_tensor({4, 6}, 1), table = random_tensor({4, 6}, 2);
  const Tensor hidden = first.clone(), other = table.clone(), plain = table.clone();
  const std::vector<Parameter> parameters = {{"hidden", hidden, {.is_hidden_matrix = true}},
                                             {"table", other, {}}},
                               alone = {{"table", plain, {}}};
  const std::vector<int64_t> offsets = gradient_layout(parameters), at_0 = gradient_layout(alone);
  Optimizer muon(parameters, offsets, {.momentum = 0.95, .weight_decay = 0.1},
                 Registry().optimizer("muon"));
  Optimizer adamw(alone, at_0, {.weight_decay = 0.1});
  std::vector<float> gradient(static_cast<std::size_t>(offsets.back()));
  Tensor m({4, 6}), w = first.clone();
  for (uint64_t t = 1; t <= 2; ++t) {
    const Tensor g = random_tensor({4, 6}, 10 + t), g_table = random_tensor({4, 6}, 20 + t);
    std::copy_n(g.data(), g.size(), gradient.begin() + offsets[0]);
    std::copy_n(g_table.data(), g_table.size(), gradient.begin() + offsets[1]);
    muon.step(gradient.data(), 1, kRate);
    adamw.step(g_table.data(), 1, kRate);
    m = scale(m, 0.95f) + g;
    Tensor way = g + scale(m, 0.95f);
    make_orthogonal(way.data(), 4, 6);
    w = scale(w, 1 - 0.1f * 0.01f) - scale(way, 0.01f * 0.2f * std::sqrt(6.0f));
    CHECK(max_difference(hidden, w) < 1e-6);
    CHECK(max_difference(other, plain) == 0);
  }
}

namespace {

// The sum of the lanes, then its norm.
std::vector<double> summed(std::vector<std::vector<float>> lanes) {
  std::vector<float*> pointers;
  for (std::vector<float>& lane : lanes) pointers.push_back(lane.data());
  const auto total = static_cast<int64_t>(lanes[0].size());
  const double norm = sum_gradients(pointers, total, total);
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

TEST_CASE("sum_gradients: the norm leaves out what stands behind the trained", "[optimizer]") {
  std::vector<float> lane = {3, 4, 100};
  CHECK(sum_gradients({lane.data()}, 3, 2) == 5);
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
  const auto sum = [&] { return summed(lanes); };
  CHECK(with_threads(4, sum) == with_threads(1, sum));
}

TEST_CASE("optimizer: every row of the table makes steps, and no other name does", "[optimizer]") {
  for (const OptimizerInfo& info : optimizers()) {
    INFO(info.name);
    Model model;
    const std::vector<float> gradient = model.gradient(1);
    const float before = model.parameters[1].value.item();
    Optimizer optimizer(model.parameters, model.offsets, {}, info);
    optimizer.step(gradient.data(), 1, kRate);
    CHECK(model.parameters[1].value.item() != before);
  }
  Model model;
  CHECK_THROWS_WITH(
      Registry().optimizer("adam"),
      Catch::Matchers::StartsWith("no optimizer 'adam'; did you mean 'adamw'? known: adamw "));
}
