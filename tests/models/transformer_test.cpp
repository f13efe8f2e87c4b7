
#include "core/builtins.h"
#include "harness/check/model_conformance.h"
#include "longhaul/error.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;

namespace {

ModelInfo transformer() {
  Registry registry;
  register_builtins(registry);
  return registry.model("transformer");
}

}  // namespace

TEST_CASE("transformer conforms with every position form and head count", "[models][transformer]") {
  const auto given = GENERATE(
      OptionMap{{"heads", int64_t{1}}, {"position", std::string("none")}},
      OptionMap{{"heads", int64_t{4}}, {"position", std::string("learned")}},
      OptionMap{{"position", std::string("sinusoidal")},
                {"post_hoc", std::string("window")},
                {"post_hoc_window", int64_t{19}},
                {"post_hoc_logn", true}},
      OptionMap{{"heads", int64_t{4}},
                {"kv_heads", int64_t{2}},
                {"position", std::string("alibi")},
                {"window", int64_t{9}}},
      OptionMap{{"position", std::string("kerple_log")}, {"key_norm", true}, {"logn", true}},
      OptionMap{{"position", std::string("kerple_power")},
                {"query_norm", true},
                {"scale", std::string("gradmax")}},
      OptionMap{
          {"hwfa", true}, {"post_hoc", std::string("yarn")}, {"trained_length", int64_t{50}}});
  CHECK(check_conformance(transformer(), given) == std::vector<std::string>{});
}

TEST_CASE("transformer conforms with what only looks back", "[models][transformer]") {
  ModelInfo causal = transformer();
  causal.direction = Direction::causal;
  const auto given = GENERATE(OptionMap{{"position", std::string("xpos")},
                                        {"key_norm", true},
                                        {"query_norm", true},
                                        {"logn", true}},
                              OptionMap{{"post_hoc", std::string("leaky_rerope")},
                                        {"post_hoc_window", int64_t{5}},
                                        {"post_hoc_kappa", 3.0},
                                        {"kv_heads", int64_t{1}},
                                        {"window", int64_t{27}}});
  CHECK(check_conformance(causal, given) == std::vector<std::string>{});
}

TEST_CASE("transformer's cache doubles when it is full", "[models][transformer]") {
  Options options;
  std::vector<Parameter> parameters;
  MixerContext context(8, 100, true, 1, "", options, parameters);
  const auto mixer = transformer().make(context);
  State state = mixer->start(2);
  std::vector<int64_t> capacities;
  for (int t = 0; t < 33; ++t) {
    mixer->step(Tensor({2, 8}, 0.5f), state);
    const int64_t capacity = state.tensors[0].dim(1);
    if (capacities.empty() || capacities.back() != capacity) capacities.push_back(capacity);
  }
  CHECK(state.position == 33);
  CHECK(capacities == std::vector<int64_t>{16, 32, 64});
}

TEST_CASE("transformer's cache is bounded by the window and by the heads of keys",
          "[models][transformer]") {
  const MadeMixer made = make_mixer(
      "transformer", {{"window", int64_t{21}}, {"heads", int64_t{4}}, {"kv_heads", int64_t{1}}});
  State state = made.mixer->start(1);
  for (int t = 0; t < 60; ++t) made.mixer->step(Tensor({1, 16}, 0.5f), state);
  CHECK(state.tensors[0].shape() == Shape{1, 21, 4});
  CHECK(state.tensors[1].shape() == Shape{1, 21, 4});
  CHECK(make_mixer("transformer", {{"window", int64_t{5}}}).mixer->start(1).tensors[0].dim(1) == 5);
}

TEST_CASE("transformer with hwfa: windows that reach 3/4 of the length, then all without positions",
          "[models][transformer]") {
  const auto reach = [](int64_t layer) {  // how far back position 63 looks
    const MadeMixer made = make_mixer("transformer", {{"hwfa", true}},
                                      {.max_length = 64, .layer = layer, .layers = 4});
    const Tensor x = random_tensor({1, 64, 16}, 1), y = slice(made(x), 1, 63, 64);
    for (int64_t t = 0;; ++t) {
      Tensor changed = x.clone();
      std::fill_n(changed.data() + t * 16, 16, 3.0f);
      if (max_difference(slice(made(changed), 1, 63, 64), y) > 0) return 63 - t;
    }
  };
  CHECK(reach(0) == 15);  // (w - 1) * 3 + 1 <= 48
  CHECK(reach(2) == 15);
  CHECK(reach(3) == 63);
}

TEST_CASE("transformer names options that do not go together", "[models][transformer]") {
  const auto problem = [](const OptionMap& options, bool causal = true) {
    const MadeMixer made = make_mixer("transformer", options, {.d_model = 12, .causal = causal});
    REQUIRE(made.problems.size() == 1);
    return made.problems[0].key + ": " + made.problems[0].message;
  };
  const auto is = [](const char* value) { return OptionValue(std::string(value)); };
  CHECK(problem({{"heads", int64_t{4}}}) == "heads: 4 heads of width 3; rope needs an even one");
  CHECK(problem({{"heads", int64_t{5}}}) ==
        "heads: 5 heads do not cut d_model 12 into equal parts");
  CHECK(problem({{"heads", int64_t{6}}, {"kv_heads", int64_t{4}}}) ==
        "kv_heads: 4 does not divide the 6 heads");
  CHECK(problem({{"position", is("xpos")}}, false) ==
        "position: xpos decays towards the past; it needs causal: true");
  CHECK(problem({{"post_hoc", is("pi")}, {"position", is("alibi")}}) ==
        "post_hoc: pi changes rope, found position: alibi");
  CHECK(problem({{"post_hoc", is("rerope")}}, false) ==
        "post_hoc: rerope only looks back; it needs causal: true");
  CHECK(problem({{"hwfa", true}, {"position", is("none")}}) ==
        "hwfa: its windows need position: rope, found none");
}

TEST_CASE("transformer's changes after training touch no parameter", "[models][transformer]") {
  const MadeMixer trained = make_mixer("transformer", {});
  const MadeMixer changed = make_mixer(
      "transformer", {{"post_hoc", std::string("yarn")}, {"trained_length", int64_t{8}}});
  REQUIRE(changed.parameters.size() == trained.parameters.size());
  for (std::size_t i = 0; i < trained.parameters.size(); ++i) {
    CHECK(changed.parameters[i].name == trained.parameters[i].name);
    CHECK(max_difference(changed.parameters[i].value, trained.parameters[i].value) == 0);
  }
}
