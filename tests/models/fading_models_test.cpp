// Options of retention, gla and delta_net, and what each claims to do.
#include <cmath>

#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

ModelInfo model(const std::string& name) {
  Registry registry;
  register_builtins(registry);
  return registry.model(name);
}

struct Built {
  Built(const std::string& name, int64_t d_model, OptionMap given) {
    Options options(std::move(given));
    MixerContext context(d_model, 64, true, 5, "mixer.", options, parameters);
    mixer = model(name).make(context);
    options.check(name);
  }
  Tensor at(const std::string& name) const {
    for (const Parameter& p : parameters)
      if (p.name == "mixer." + name) return p.value;
    throw Error("no parameter " + name);
  }
  std::vector<Parameter> parameters;
  std::unique_ptr<Mixer> mixer;
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("retention conforms with other heads, a short chunk and no rotation", "[models]") {
  CHECK(check_conformance(model("retention"), {{"heads", int64_t{4}}, {"chunk", int64_t{7}}}) ==
        Strings{});
  CHECK(check_conformance(model("retention"),
                          {{"heads", int64_t{1}}, {"position", std::string("none")}}) == Strings{});
}

TEST_CASE("retention fades by 1 - 2^(-5-h) a position in head h", "[models]") {
  // The only thing that the heads' norms leave is direction: compare the state itself.
  const Built retention("retention", 8, {{"position", std::string("none")}});
  State state = retention.mixer->start(1);
  retention.mixer->step(random_tensor({1, 8}, 1), state);
  const Tensor before = state.tensors[0];        // [1, 2, 4, 4]
  retention.mixer->step(Tensor({1, 8}), state);  // no key: the state fades and nothing else
  for (int64_t i = 0; i < before.size(); ++i) {
    const double gamma = i < 16 ? 1 - 1.0 / 32 : 1 - 1.0 / 64;
    CHECK(state.tensors[0].data()[i] == Approx(gamma * double{before.data()[i]}).margin(1e-7));
  }
}

TEST_CASE("retention notes heads that cannot rotate", "[models]") {
  Options options({{"heads", int64_t{2}}});
  std::vector<Parameter> parameters;
  MixerContext context(6, 64, true, 5, "", options, parameters);
  model("retention").make(context);
  REQUIRE(options.problems().size() == 1);
  CHECK(options.problems()[0].message == "rope needs heads of even width, found 3");
}

TEST_CASE("gla conforms with other heads, ranks and roots", "[models]") {
  CHECK(check_conformance(model("gla"), {{"heads", int64_t{4}},
                                         {"chunk", int64_t{7}},
                                         {"gate_rank", int64_t{3}},
                                         {"tau", 1.0}}) == Strings{});
}

TEST_CASE("gla forgets a channel whose gate is shut", "[models]") {
  const Built gla("gla", 8, {{"tau", 1.0}});
  const Tensor bias = gla.at("decay.bias");
  std::fill_n(bias.data(), 8, -80.0f);
  const Tensor x = random_tensor({1, 9, 8}, 1);
  const Tensor y = gla.mixer->forward(x, {9});
  const Tensor alone = gla.mixer->forward(slice(x, 1, 8, 9), {1});
  CHECK(max_difference(slice(y, 1, 8, 9), alone) < 1e-5);
}

TEST_CASE("delta_net conforms gated, reflecting, with other heads and a short chunk", "[models]") {
  const auto given =
      GENERATE(OptionMap{{"gated", true}}, OptionMap{{"negative_eigenvalues", true}},
               OptionMap{{"gated", true}, {"heads", int64_t{4}}, {"chunk", int64_t{7}}});
  CHECK(check_conformance(model("delta_net"), given) == Strings{});
}

TEST_CASE("delta_net's keys have length 1, so that writing again replaces", "[models]") {
  const Built net("delta_net", 8, {});
  std::fill_n(net.at("beta.weight").data(), 8 * 2, 0.0f);
  const Tensor row = random_tensor({1, 8}, 1, 0.5f, 1);
  State state = net.mixer->start(1);
  net.mixer->step(row, state);
  const Tensor once = state.tensors[0];
  for (int t = 0; t < 30; ++t) net.mixer->step(row, state);
  // beta = 1/2: the first write goes half of the way, and many all of it.
  CHECK(max_difference(state.tensors[0], scale(once, 2)) < 1e-5);
}

TEST_CASE("gated delta_net starts with decays of Mamba's range", "[models]") {
  const Built net("delta_net", 64, {{"gated", true}, {"heads", int64_t{64}}});
  for (int64_t h = 0; h < 64; ++h) {
    const double rate = std::exp(double{net.at("A_log").data()[h]});
    const double step = std::log1p(std::exp(double{net.at("dt_bias").data()[h]}));
    CHECK((rate >= 1 && rate <= 16));
    CHECK((step >= 0.001 - 1e-6 && step <= 0.1 + 1e-6));
  }
}

TEST_CASE("linear attentions with decays decode in a state that does not grow", "[models]") {
  for (const char* name : {"retention", "gla", "delta_net"}) {
    INFO(name);
    const Built built(name, 8, {});
    State state = built.mixer->start(3);
    for (int t = 0; t < 20; ++t) built.mixer->step(Tensor({3, 8}, 0.5f), state);
    CHECK(state.position == 20);
    REQUIRE(state.tensors.size() == 1);
    CHECK(state.tensors[0].size() == 3 * 8 * 4);
  }
}
