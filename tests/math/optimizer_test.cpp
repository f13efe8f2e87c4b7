
#include <cmath>

#include "math/optimizer.h"
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
  check_rule({.rule = Rule::adamw}, [](double g, double& m, double& s, int t) {
    m = 0.9 * m + 0.1 * g;
    s = 0.98 * s + 0.02 * g * g;
    return m / (1 - std::pow(0.9, t)) / (std::sqrt(s / (1 - std::pow(0.98, t))) + 1e-8);
  });
  check_rule({.rule = Rule::sgd, .momentum = 0.7},
             [](double g, double& m, double&, int) { return m = 0.7 * m + g; });
  check_rule({.rule = Rule::sign_sgd}, [](double g, double&, double&, int) { return sign(g); });
  check_rule({.rule = Rule::lion, .beta2 = 0.99}, [](double g, double& m, double&, int) {
    const double way = sign(0.9 * m + 0.1 * g);
    m = 0.99 * m + 0.01 * g;
    return way;
  });
}

TEST_CASE("optimizer: a weight without gradient only decays under the signs", "[optimizer]") {
  for (const Rule rule : {Rule::sign_sgd, Rule::lion}) {
    Model model;
    const float before = model.parameters[1].value.item();
    Optimizer optimizer(model.parameters, model.offsets, {.rule = rule});
    optimizer.step(std::vector<float>(model.offsets.back()).data(), 1, 1);
    CHECK(model.parameters[1].value.item() == before);
  }
}
