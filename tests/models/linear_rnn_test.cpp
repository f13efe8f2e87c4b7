// What the linear RNNs promise beyond the conformance checks: options, initial values, parameter
// groups, long inputs and constant state.
#include <cmath>
#include <numbers>

#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "math/parallel.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

const Registry& builtins() {
  static const Registry registry = [] {
    Registry all;
    register_builtins(all);
    return all;
  }();
  return registry;
}

struct Built {
  std::vector<Parameter> parameters;
  std::unique_ptr<Mixer> mixer;

  Built(const std::string& model, int64_t d_model, bool causal, OptionMap given = {},
        int64_t layer = 1, int64_t layers = 2) {
    Options options(std::move(given));
    MixerContext context(d_model, 1 << 20, causal, 5, "", options, parameters, layer, layers);
    mixer = builtins().model(model).make(context);
    options.check(model);
  }
  const Parameter* find(const std::string& name) const {
    for (const Parameter& p : parameters)
      if (p.name == name) return &p;
    return nullptr;
  }
  const Parameter& at(const std::string& name) const {
    const Parameter* p = find(name);
    if (!p) throw Error("no parameter " + name);
    return *p;
  }
  float first(const std::string& name) const { return at(name).value.data()[0]; }
};

struct Variant {
  const char* model;
  OptionMap options;
};

const Variant kVariants[] = {
    {"slru", {{"state", int64_t{5}}, {"r_min", 0.9}, {"r_max", 0.999}}},
    {"s4d", {{"state", int64_t{6}}, {"init", std::string("inv")}}},
    {"s4d", {{"state", int64_t{8}}, {"init", std::string("real")}, {"dt_min", 0.01}}},
    {"s4d", {{"state", int64_t{2}}, {"discretisation", std::string("bilinear")}}},
    {"s5", {{"state", int64_t{12}}, {"blocks", int64_t{3}}, {"dt_max", 0.5}}},
    {"mamba", {{"state", int64_t{3}}, {"expand", int64_t{1}}, {"conv", int64_t{1}}}},
    {"min_gru", {{"state", int64_t{9}}, {"candidate", std::string("linear")}}},
    {"min_lstm", {{"state", int64_t{9}}, {"candidate", std::string("linear")}}},
    {"hgrn", {{"state", int64_t{9}}, {"lower_bound", false}}},
};

constexpr const char* kCausal[] = {"lru",     "slru",     "s4d",  "s5",  "mamba",
                                   "min_gru", "min_lstm", "hgrn", "rwkv"};

}  // namespace

TEST_CASE("the linear RNNs conform with other options than the default ones", "[models]") {
  for (const Variant& variant : kVariants) {
    INFO(variant.model);
    for (const std::string& violation :
         check_conformance(builtins().model(variant.model), variant.options))
      FAIL_CHECK(violation);
  }
}

TEST_CASE(
    "a linear RNN in chunks, in one piece and step by step is one function at long odd lengths",
    "[models]") {
  const int64_t T = 1301, D = 6;
  const Tensor x = random_tensor({1, T, D}, 11);
  for (const char* model : kCausal) {
    INFO(model);
    const Built built(model, D, true);
    const Tensor chunked = built.mixer->forward(x, {T});
    const LaneScope lane;
    CHECK(max_difference(chunked, built.mixer->forward(x, {T})) < 1e-5);
    State state = built.mixer->start(1);
    double apart = 0;
    for (int64_t t = 0; t < T; ++t) {
      const Tensor y = built.mixer->step(reshape(slice(x, 1, t, t + 1), {1, D}), state);
      apart = std::max(apart, max_difference(y, reshape(slice(chunked, 1, t, t + 1), {1, D})));
    }
    CHECK(apart < 5e-5);
  }
}

TEST_CASE("a linear RNN's decode state does not grow with the text", "[models]") {
  const Tensor x = random_tensor({2, 6}, 12);
  for (const char* model : kCausal) {
    INFO(model);
    const Built built(model, 6, true);
    const auto bytes = [](const State& state) {
      int64_t total = 0;
      for (const Tensor& tensor : state.tensors) total += tensor.bytes();
      return total;
    };
    State state = built.mixer->start(2);
    const int64_t before = bytes(state);
    for (int i = 0; i < 50; ++i) built.mixer->step(x, state);
    CHECK(bytes(state) == before);
    CHECK(state.position == 50);
  }
}

TEST_CASE("slru starts with lambda on the ring, and its gamma keeps the states' size", "[models]") {
  const Built slru("slru", 4, true, {{"state", int64_t{512}}, {"r_min", 0.5}, {"r_max", 0.9}});
  for (int64_t n = 0; n < 512; ++n) {
    const double r = std::exp(-std::exp(double{slru.at("nu_log").value.data()[n]}));
    CHECK((r >= 0.5 - 1e-6 && r <= 0.9 + 1e-6));
    CHECK(slru.at("gamma_log").value.data()[n] == Approx(0.5 * std::log(1 - r * r)).margin(1e-5));
  }
}

TEST_CASE("s4d starts its diagonal as the paper's three rules say", "[models]") {
  const int64_t N = 8, D = 3;
  for (const char* init : {"lin", "inv", "real"}) {
    const Built s4d("s4d", D, true, {{"state", N}, {"init", std::string(init)}});
    for (int64_t n = 0; n < N / 2; ++n) {
      INFO(init << " " << n);
      const double real = -std::exp(double{s4d.at("A_log").value.data()[n * D + 1]});
      const double imaginary = s4d.at("A_imag").value.data()[n * D + 1];
      const double k = static_cast<double>(n);
      const bool lin = init == std::string("lin"), inv = init == std::string("inv");
      CHECK(real == Approx(lin || inv ? -0.5 : -(k + 1)));
      CHECK(imaginary == Approx(lin   ? std::numbers::pi * k
                                : inv ? 8 / std::numbers::pi * (8 / (2 * k + 1) - 1)
                                      : 0)
                             .margin(1e-6));
    }
  }
}

TEST_CASE("s5 starts at the eigenvalues of HiPPO-N, block by block", "[models]") {
  // numpy.linalg.eigvals of the matrix of size 8, and of size 4.
  const double eight[] = {19.857410370970573, 5.354208515030871, 1.957794150902806,
                          0.42748871228586};
  const Built whole("s5", 4, true, {{"state", int64_t{8}}});
  for (int64_t n = 0; n < 4; ++n) {
    CHECK(whole.at("A_imag").value.data()[n] == Approx(eight[n]).epsilon(1e-6));
    CHECK(std::exp(whole.at("A_log").value.data()[n]) == Approx(0.5));
  }
  const Built blocks("s5", 4, true, {{"state", int64_t{16}}, {"blocks", int64_t{2}}});
  for (int64_t n = 0; n < 8; ++n)
    CHECK(blocks.at("A_imag").value.data()[n] == Approx(eight[n % 4]).epsilon(1e-6));
}

TEST_CASE("s5's B and C start as large as in its authors' code, whatever state and width",
          "[models]") {
  const auto power = [](const Tensor& x) {  // mean |x|^2 of complex numbers, two floats each
    double sum = 0;
    for (int64_t i = 0; i < x.size(); ++i) sum += double{x.data()[i]} * double{x.data()[i]};
    return 2 * sum / static_cast<double>(x.size());
  };
  for (const auto& [D, P] : {std::pair<int64_t, int64_t>{32, 256}, {128, 16}, {64, 64}})
    for (bool causal : {true, false})
      for (const auto& [init, expected] : {std::pair{"trunc_standard_normal", 2.0 / double(P)},
                                           {"lecun_normal", 2.0 / double(P * D)},
                                           {"complex_normal", 1.0}}) {
        CAPTURE(D, P, causal, init);
        const Built s5("s5", D, causal, {{"state", P}, {"c_init", std::string(init)}});
        CHECK(power(s5.at("B").value) == Approx(1.0 / double(P)).epsilon(0.1));
        CHECK(power(s5.at("C").value) == Approx(expected).epsilon(0.1));
      }
  CHECK(power(Built("s5", 32, true, {{"state", int64_t{256}}}).at("C").value) ==
        Approx(2.0 / 256).epsilon(0.1));
}

TEST_CASE("state spaces start with steps between dt_min and dt_max", "[models]") {
  const OptionMap range{{"dt_min", 0.01}, {"dt_max", 0.02}};
  const auto inside = [](double dt) { return dt > 0.0099999 && dt < 0.0200001; };
  for (const char* model : {"s4d", "s5"}) {
    const Built built(model, 16, true, range);
    const Tensor logs = built.at("dt_log").value;
    for (int64_t i = 0; i < logs.size(); ++i) CHECK(inside(std::exp(double{logs.data()[i]})));
  }
  const Built mamba("mamba", 16, true, range);
  const Tensor bias = mamba.at("dt.bias").value;
  for (int64_t i = 0; i < bias.size(); ++i)
    CHECK(inside(std::log1p(std::exp(double{bias.data()[i]}))));
}

TEST_CASE("a zero-order hold is exact for tiny steps", "[models]") {
  // input = dt exactly to first order; a naive exp(z) - 1 in float32 is off by 6% here.
  Built s4d("s4d", 1, true, {{"state", int64_t{2}}, {"dt_min", 1e-6}, {"dt_max", 1e-6}});
  for (auto [name, value] : {std::pair("C", 0.0f), {"D", 0.0f}, {"A_imag", 0.0f}})
    std::fill_n(s4d.at(name).value.data(), s4d.at(name).value.size(), value);
  s4d.at("C").value.data()[0] = 1e6f;
  s4d.at("out.weight").value.data()[0] = 1;
  const Tensor y = s4d.mixer->forward(Tensor({1, 1, 1}, 1), {1});  // gelu(2 C dt)
  CHECK(y.item() == Approx(gelu(Tensor(Shape{}, 2)).item()).epsilon(1e-4));
}

TEST_CASE("recurrent parameters never decay and learn as slowly as asked", "[models]") {
  const auto slowed = [](const Built& built, std::initializer_list<const char*> names) {
    for (const char* name : names) {
      INFO(name);
      CHECK_FALSE(built.at(name).group.decay);
      CHECK(built.at(name).group.lr_scale == 0.25);
    }
  };
  const OptionMap quarter{{"lr_scale", 0.25}};
  slowed(Built("slru", 4, false, quarter), {"nu_log", "gamma_log", "B", "reverse.nu_log"});
  slowed(Built("s4d", 4, false, quarter), {"A_log", "A_imag", "dt_log"});
  slowed(Built("s5", 4, false, quarter), {"A_log", "A_imag", "dt_log", "B"});
  const Built mamba("mamba", 4, true), rwkv("rwkv", 4, true);
  for (const char* name : {"A_log", "D", "dt.bias"}) CHECK_FALSE(mamba.at(name).group.decay);
  for (const char* name : {"decay", "u", "mu_r", "mu_k", "mu_v"})
    CHECK_FALSE(rwkv.at(name).group.decay);
  CHECK(mamba.at("in.weight").group.decay);
}

TEST_CASE("hgrn bounds its forget gates from below, by more the higher the block stands",
          "[models]") {
  CHECK(Built("hgrn", 4, true, {}, 0, 4).find("bound") == nullptr);
  for (int64_t layer : {1, 2, 3}) {
    const Built hgrn("hgrn", 4, true, {}, layer, 4);
    CHECK(1 / (1 + std::exp(-hgrn.first("bound"))) ==
          Approx(static_cast<double>(layer) / 4).epsilon(1e-5));
  }
  CHECK(Built("hgrn", 4, true, {{"lower_bound", false}}, 3, 4).find("bound") == nullptr);
}

TEST_CASE("rwkv's channels fade from slowly to quickly, and lower blocks look back more",
          "[models]") {
  const Built low("rwkv", 16, true, {}, 0, 4), high("rwkv", 16, true, {}, 3, 4);
  const float* decay = low.at("decay").value.data();
  CHECK(decay[0] == -5);
  CHECK(decay[15] == Approx(3));
  CHECK(std::is_sorted(decay, decay + 16));
  CHECK(low.at("mu_k").value.data()[8] == Approx(0.5));  // (8 / 16)^1
  CHECK(high.at("mu_k").value.data()[8] == Approx(std::pow(0.5, 0.25)));
}

TEST_CASE("gates of extreme inputs leave the gated recurrences finite", "[models]") {
  const Tensor x = random_tensor({1, 40, 4}, 13, -1e4f, 1e4f);
  for (const char* model : {"min_gru", "min_lstm", "hgrn", "rwkv"}) {
    INFO(model);
    const Tensor y = Built(model, 4, true).mixer->forward(x, {40});
    for (int64_t i = 0; i < y.size(); ++i) CHECK(std::isfinite(y.data()[i]));
  }
}

TEST_CASE("the linear RNNs refuse options that contradict each other", "[models]") {
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(Built("slru", 4, true, {{"r_min", 0.9}, {"r_max", 0.5}}), Contains("r_max"));
  CHECK_THROWS_WITH(Built("s4d", 4, true, {{"state", int64_t{7}}}), Contains("conjugate pairs"));
  CHECK_THROWS_WITH(Built("s5", 4, true, {{"state", int64_t{8}}, {"blocks", int64_t{3}}}),
                    Contains("3 blocks do not cut a state of 8"));
  CHECK_THROWS_WITH(Built("mamba", 4, true, {{"dt_min", 0.2}}), Contains("dt_min"));
  CHECK_THROWS_WITH(Built("s4d", 4, true, {{"init", std::string("line")}}), Contains("lin"));
}
