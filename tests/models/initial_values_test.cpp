// Where parameters start: mean, deviation and range over many seeds are those of the authors' code,
// whose distributions stand here. docs/models/differences.md has what starts otherwise.
#include <cmath>
#include <limits>
#include <numbers>

#include "tests/helpers/catch.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;

namespace {

constexpr int64_t kWidth = 16;
constexpr uint64_t kSeeds = 100;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Distribution {
  double least, most, mean, deviation;
};
Distribution normal_by(double deviation) { return {-kInfinity, kInfinity, 0, deviation}; }
Distribution uniform_in(double least, double most) {
  return {least, most, (least + most) / 2, (most - least) / std::sqrt(12)};
}
Distribution always(double value) { return {value, value, value, 0}; }

// What of a value has the distribution.
double itself(double x) { return x; }
double log_softplus(double x) { return std::log(std::log1p(std::exp(x))); }
double square_of_radius(double nu_log) { return std::exp(-2 * std::exp(nu_log)); }
double exponential(double x) { return std::exp(x); }

struct FirstValues {
  std::string model;
  OptionMap options;
  std::string parameter;
  double (*of)(double);
  Distribution expected;
};

const OptionMap kEight = {{"state", int64_t{8}}};
const double kNarrow = std::sqrt(0.5 / kWidth);  // parts of complex values with variance 1 / D
OptionMap c_init(const char* kind) { return {{"c_init", std::string(kind)}}; }

const std::vector<FirstValues>& starts() {
  static const Distribution steps = uniform_in(std::log(1e-3), std::log(0.1));
  static const std::vector<FirstValues> all = {
      // S4D-Lin of state-spaces: A = -1/2 + i pi n, n < 4; C complex normal.
      {"s4d", kEight, "A_log", itself, always(std::log(0.5))},
      {"s4d",
       kEight,
       "A_imag",
       itself,
       {0, 3 * std::numbers::pi, 1.5 * std::numbers::pi, std::numbers::pi * std::sqrt(1.25)}},
      {"s4d", kEight, "dt_log", itself, steps},
      {"s4d", kEight, "C", itself, normal_by(std::sqrt(0.5))},
      {"s4d", kEight, "D", itself, normal_by(1)},
      {"s4", kEight, "A_log", itself, always(std::log(0.5))},
      {"s4", kEight, "dt_log", itself, steps},
      {"s4", kEight, "C", itself, normal_by(std::sqrt(0.5))},
      {"s4", kEight, "D", itself, normal_by(1)},
      // S5: a state 16 wide; E|B|^2 = 1 / P, E|C|^2 by the name of its initialiser.
      {"s5", {}, "A_log", itself, always(std::log(0.5))},
      {"s5", {}, "dt_log", itself, steps},
      {"s5", {}, "B", itself, normal_by(kNarrow)},
      {"s5", {}, "C", itself, normal_by(std::sqrt(1.0 / kWidth))},
      {"s5", c_init("lecun_normal"), "C", itself, normal_by(1.0 / kWidth)},
      {"s5", c_init("complex_normal"), "C", itself, normal_by(std::sqrt(0.5))},
      {"s5", {}, "D", itself, normal_by(1)},
      // LRU: |lambda|^2 uniform up to r_max^2, phases over the circle.
      {"lru", {}, "nu_log", square_of_radius, uniform_in(0, 0.99 * 0.99)},
      {"lru", {}, "theta_log", exponential, uniform_in(0, 2 * std::numbers::pi)},
      // LinOSS: A and the logit of dt.
      {"linoss", {}, "A_log", exponential, uniform_in(0, 1)},
      {"linoss", {}, "dt_logit", itself, uniform_in(0, 1)},
      {"linoss", {}, "D", itself, normal_by(1)},
      // Mamba: A = 1 .. N in each channel, dt.weight by the rank, here 1.
      {"mamba", {}, "A_log", exponential, {1, 16, 8.5, std::sqrt(255.0 / 12)}},
      {"mamba", {}, "dt.bias", log_softplus, steps},
      {"mamba", {}, "dt.weight", itself, uniform_in(-1, 1)},
      {"mamba", {}, "conv.weight", itself, uniform_in(-0.5, 0.5)},
      {"mamba", {}, "D", itself, always(1)},
      {"mamba2", {}, "A_log", exponential, uniform_in(1, 16)},
      {"mamba2", {}, "dt.bias", log_softplus, steps},
      {"mamba2", {}, "D", itself, always(1)},
      {"mamba3", {}, "dt.bias", log_softplus, steps},
      {"mamba3", {}, "B.bias", itself, always(1)},
      {"mamba3", {}, "C.bias", itself, always(1)},
      {"kda", {}, "A_log", exponential, uniform_in(1, 16)},
      {"kda", {}, "dt_bias", log_softplus, steps},
      {"delta_net", {{"gated", true}}, "dt_bias", log_softplus, steps},
      {"delta_product", {}, "dt_bias", log_softplus, steps},
      // xLSTM 7B: input gates nearly closed, forget gates open; sLSTM: no recurrence at first.
      {"mlstm", {}, "i.bias", itself, always(-10)},
      {"mlstm", {{"heads", int64_t{4}}}, "f.bias", itself, {3, 6, 4.5, std::sqrt(1.25)}},
      {"slstm", {}, "R", itself, always(0)},
      // ParaLSTM: peepholes as its recurrent weights.
      {"rnn",
       {{"cell", std::string("cifg")}},
       "peepholes",
       itself,
       normal_by(2 / std::sqrt(5.0 * kWidth))},
      {"hyena", {}, "bias", itself, normal_by(1)},
      {"hyena", {}, "conv.weight", itself, uniform_in(-std::sqrt(1.0 / 3), std::sqrt(1.0 / 3))},
      {"pd_ssm", {}, "select.weight", itself, normal_by(1)},
      {"pd_ssm", {}, "dictionary", itself, normal_by(0.25)},
      {"pd_ssm", {}, "B", itself, normal_by(kNarrow)},
      {"pd_ssm", {}, "C", itself, normal_by(0.25)},
      {"pd_ssm", {}, "D", itself, normal_by(1)},
  };
  return all;
}

Tensor first_values(const FirstValues& start, uint64_t seed) {
  return make_mixer(start.model, start.options,
                    {.d_model = kWidth, .layer = 1, .layers = 2, .seed = seed})
      .parameter(start.parameter);
}

Distribution seen(const FirstValues& start, int64_t& count) {
  double sum = 0, squares = 0;
  Distribution d{kInfinity, -kInfinity, 0, 0};
  count = 0;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Tensor values = first_values(start, seed);
    for (int64_t i = 0; i < values.size(); ++i, ++count) {
      const double x = start.of(double{values.data()[i]});
      sum += x;
      squares += x * x;
      d.least = std::min(d.least, x);
      d.most = std::max(d.most, x);
    }
  }
  const auto n = static_cast<double>(count);
  d.mean = sum / n;
  d.deviation = std::sqrt(std::max(0.0, squares / n - d.mean * d.mean));
  return d;
}

}  // namespace

TEST_CASE("parameters start with the mean, deviation and range of the authors' code", "[models]") {
  for (const FirstValues& start : starts()) {
    INFO(start.model << " " << start.parameter);
    int64_t count = 0;
    const Distribution found = seen(start, count), &expected = start.expected;
    REQUIRE(count > 0);
    const double n = static_cast<double>(count), slack = 1e-5 * (1 + std::abs(expected.mean));
    CHECK(std::abs(found.mean - expected.mean) <= 4 * expected.deviation / std::sqrt(n) + slack);
    CHECK(std::abs(found.deviation - expected.deviation) <=
          4 * expected.deviation / std::sqrt(2 * n) + slack + 1e-3 * expected.deviation);
    if (expected.most == kInfinity) continue;
    const double near = 0.02 * (expected.most - expected.least) + slack;
    CHECK(found.least >= expected.least - slack);
    CHECK(found.most <= expected.most + slack);
    CHECK(found.least <= expected.least + near);
    CHECK(found.most >= expected.most - near);
  }
}

TEST_CASE(
    "an slstm's forget gates start as the authors': open in the first channel, more closed in "
    "lower blocks",
    "[models]") {
  for (int64_t layer : {0, 1, 2}) {
    const Tensor b =
        make_mixer("slstm", {{"heads", int64_t{2}}}, {.d_model = 8, .layer = layer, .layers = 3})
            .parameter("b");
    const double power = 0.3 + 1.3 * static_cast<double>(layer) / 2;
    for (int64_t i = 0; i < 32; ++i) {
      const double at = static_cast<double>(i % 4) / 3;
      CHECK(b.data()[i] == Approx(i / 8 == 1 ? 5 - 12 * std::pow(at, power) : 0).margin(1e-5));
    }
  }
}
