#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

ModelInfo linear_attention_model() {
  Registry registry;
  register_builtins(registry);
  return registry.model("linear_attention");
}

}  // namespace

TEST_CASE("linear_attention conforms with every head count, chunk and position form",
          "[models][linear_attention]") {
  const auto given = GENERATE(OptionMap{{"heads", int64_t{4}}, {"chunk", int64_t{7}}},
                              OptionMap{{"heads", int64_t{1}}, {"position", std::string("none")}});
  CHECK(check_conformance(linear_attention_model(), given) == std::vector<std::string>{});
}

TEST_CASE("linear_attention conforms with smooth feature maps", "[models][linear_attention]") {
  const auto given =
      GENERATE(OptionMap{{"feature", std::string("exp")}},
               OptionMap{{"feature", std::string("taylor")}, {"key_width", int64_t{3}}},
               OptionMap{{"feature", std::string("favor")}},
               OptionMap{{"feature", std::string("elu1")}, {"normaliser", std::string("rms")}});
  CHECK(check_conformance(linear_attention_model(), given) == std::vector<std::string>{});
}

// Where no feature of a query meets one of a key, or weights cancel, the divisor is near 0 and the
// output is anything but linear within a finite difference's step. The gradients of these maps are
// compared part by part: in feature_map_test.cpp, and for the operator.
TEST_CASE("linear_attention conforms with the other feature maps, finite differences apart",
          "[models][linear_attention]") {
  const std::string feature = GENERATE("relu", "relu2", "favor_trig", "identity");
  const std::string normaliser = feature == "identity" ? "rms" : "sum";
  INFO(feature);
  for (const Promise& promise : check_promises(
           linear_attention_model(), {{"feature", feature}, {"normaliser", normaliser}})) {
    INFO(promise.name);
    if (promise.name.find("finite differences") == std::string::npos)
      CHECK(promise.violations == std::vector<std::string>{});
  }
}

TEST_CASE("linear_attention refuses to divide by sums that may vanish",
          "[models][linear_attention]") {
  Options options({{"feature", std::string("identity")}});
  std::vector<Parameter> parameters;
  MixerContext context(8, 100, true, 1, "", options, parameters);
  linear_attention_model().make(context);
  REQUIRE(options.problems().size() == 1);
  CHECK(options.problems()[0].message ==
        "identity gives weights that may sum to 0; add normaliser: rms");
}

TEST_CASE("linear_attention decodes in a state that does not grow", "[models][linear_attention]") {
  Options options;
  std::vector<Parameter> parameters;
  MixerContext context(8, 100, true, 1, "", options, parameters);
  const auto mixer = linear_attention_model().make(context);
  State state = mixer->start(3);
  for (int t = 0; t < 20; ++t) mixer->step(Tensor({3, 8}, 0.5f), state);
  CHECK(state.position == 20);
  CHECK(state.tensors[0].size() + state.tensors[1].size() == 3 * 8 * (4 + 1));
}

TEST_CASE("linear_attention notes heads that do not divide the width",
          "[models][linear_attention]") {
  Options options({{"heads", int64_t{3}}});
  std::vector<Parameter> parameters;
  MixerContext context(8, 100, true, 1, "", options, parameters);
  linear_attention_model().make(context);
  REQUIRE(options.problems().size() == 1);
  CHECK(options.problems()[0].message == "3 heads do not cut d_model 8 into equal parts");
}
