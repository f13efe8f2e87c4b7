#include <cmath>

#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

struct Built {
  std::vector<Parameter> parameters;
  std::unique_ptr<Mixer> mixer;

  Built(int64_t d_model, bool causal, OptionMap given) {
    Registry registry;
    register_builtins(registry);
    Options options(std::move(given));
    MixerContext context(d_model, 64, causal, 5, "mixer.", options, parameters);
    mixer = registry.model("lru").make(context);
    options.check("lru");
  }
  const Parameter& at(const std::string& name) const {
    for (const Parameter& p : parameters)
      if (p.name == "mixer." + name) return p;
    throw Error("no parameter " + name);
  }
};

double modulus(double nu_log) { return std::exp(-std::exp(nu_log)); }

}  // namespace

TEST_CASE("lru conforms with another state width, ring and scale of learning rate", "[models]") {
  Registry registry;
  register_builtins(registry);
  CHECK(check_conformance(registry.model("lru"),
                          {{"state", int64_t{5}}, {"r_min", 0.9}, {"r_max", 0.999}})
            .empty());
}

TEST_CASE("lru starts with lambda on the ring, uniform in area, and gamma as its norm asks",
          "[models]") {
  const Built lru(4, true, {{"state", int64_t{4096}}, {"r_min", 0.5}, {"r_max", 0.9}});
  const Tensor nu = lru.at("nu_log").value, gamma = lru.at("gamma_log").value;
  double area = 0;
  for (int64_t n = 0; n < nu.size(); ++n) {
    const double r = modulus(nu.data()[n]);
    CHECK((r >= 0.5 - 1e-6 && r <= 0.9 + 1e-6));
    CHECK(gamma.data()[n] == Approx(0.5 * std::log(1 - r * r)).margin(1e-5));
    area += r * r / static_cast<double>(nu.size());
  }
  CHECK(area == Approx(0.5 * (0.25 + 0.81)).epsilon(0.02));
}

TEST_CASE("lru's states grow as the paper's formula says without gamma, and not at all with it",
          "[models]") {
  const int64_t N = 4096, T = 160;
  const Built lru(4, true, {{"state", N}, {"r_min", 0.5}, {"r_max", 0.9}});
  Tensor lambda({2 * N}), u({1, T, 2 * N});
  std::vector<double> gamma(N);
  for (int64_t n = 0; n < N; ++n) {
    const double r = modulus(lru.at("nu_log").value.data()[n]);
    const double phase = std::exp(lru.at("theta_log").value.data()[n]);
    lambda.data()[n] = static_cast<float>(r * std::cos(phase));
    lambda.data()[N + n] = static_cast<float>(r * std::sin(phase));
    gamma[n] = std::exp(lru.at("gamma_log").value.data()[n]);
  }
  Rng rng(3, "test");
  for (int64_t i = 0; i < u.size(); ++i)
    u.data()[i] = static_cast<float>(rng.normal() * std::sqrt(0.5));
  const Tensor x = complex_scan(lambda, u);
  double plain = 0, normalised = 0;
  const int64_t first = 60;  // 0.9^(2 * 60) is nothing
  for (int64_t t = first; t < T; ++t)
    for (int64_t i = 0; i < 2 * N; ++i) {
      const double value = x.data()[t * 2 * N + i];
      plain += value * value;
      normalised += value * value * gamma[i % N] * gamma[i % N];
    }
  const double count = static_cast<double>(N * (T - first));
  CHECK(plain / count == Approx(std::log(0.75 / 0.19) / 0.56).epsilon(0.05));
  CHECK(normalised / count == Approx(1).epsilon(0.05));
}

TEST_CASE("lru's lambda stays inside the circle whatever an optimizer does to it", "[models]") {
  for (double nu : {-20.0, -3.0, 0.0, 4.0, 60.0}) CHECK(modulus(nu) <= 1);
  Built lru(3, true, {});
  Tensor nu = lru.at("nu_log").value;
  for (int64_t n = 0; n < nu.size(); ++n) nu.data()[n] = -14;  // |lambda| = 1 - 8e-7
  const Tensor y = lru.mixer->forward(random_tensor({1, 2000, 3}, 1), {2000});
  CHECK(max_difference(y, Tensor(y.shape())) < 1e4);
}

TEST_CASE("lru keeps decay off its recurrent parameters and slows them", "[models]") {
  const Built lru(4, false, {{"lr_scale", 0.25}});
  for (const char* name :
       {"nu_log", "theta_log", "gamma_log", "B", "reverse.nu_log", "reverse.B"}) {
    CHECK_FALSE(lru.at(name).group.decay);
    CHECK(lru.at(name).group.lr_scale == 0.25);
  }
  CHECK(lru.at("C").value.shape() == Shape{16, 4});
  CHECK(lru.at("C").group.decay);
}

TEST_CASE("lru refuses a ring that is none", "[models]") {
  CHECK_THROWS_WITH(Built(4, true, {{"r_min", 0.9}, {"r_max", 0.5}}),
                    Catch::Matchers::Contains("r_max"));
}
