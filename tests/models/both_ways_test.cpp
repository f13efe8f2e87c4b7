// Causal mixers that also look ahead (longhaul/parts/both_ways.h).
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;

namespace {

MadeMixer made_of(const std::string& model, bool causal, const std::string& reverse) {
  return make_mixer(model, {{"reverse", reverse}},
                    {.d_model = 8, .max_length = 16, .causal = causal});
}

}  // namespace

TEST_CASE("both ways: a bidirectional mixer is the causal one forwards and backwards, added up",
          "[models][both_ways]") {
  const Tensor x = random_tensor({2, 9, 8}, 1);
  const Lengths lengths{9, 5};
  for (const char* model : {"mamba", "mamba2", "gla", "rwkv7", "min_gru"}) {
    INFO(model);
    const MadeMixer causal = made_of(model, true, "shared"), both = made_of(model, false, "shared");
    REQUIRE(both.parameters.size() == causal.parameters.size());  // first values are by name
    const Tensor forwards = causal.mixer->forward(x, lengths);
    const Tensor backwards = flip(causal.mixer->forward(flip(x, lengths), lengths), lengths);
    CHECK(max_difference(both.mixer->forward(x, lengths), forwards + backwards) == 0);
  }
}

TEST_CASE("both ways: the way back has weights of its own, unless they are shared",
          "[models][both_ways]") {
  for (const char* model : {"mamba", "mamba2", "gla", "rwkv7", "min_gru"}) {
    INFO(model);
    const MadeMixer causal = made_of(model, true, "own"), both = made_of(model, false, "own");
    REQUIRE(both.parameters.size() == 2 * causal.parameters.size());
    for (const Parameter& p : causal.parameters)
      CHECK(both.parameter("reverse." + p.name).shape() == p.value.shape());
    const Tensor x = random_tensor({1, 9, 8}, 1);
    CHECK(max_difference(both(x), made_of(model, false, "shared")(x)) > 1e-3);
  }
}
