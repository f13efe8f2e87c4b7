#include "harness/suite/builtins.h"
#include "harness/train/conformance.h"
#include "longhaul/error.h"
#include "tests/support/catch.h"

using namespace longhaul;

namespace {

ModelInfo transformer() {
  Registry registry;
  register_builtins(registry);
  return registry.model("transformer");
}

}  // namespace

TEST_CASE("transformer conforms with every position form and head count", "[models][transformer]") {
  const auto given =
      GENERATE(OptionMap{{"heads", int64_t{1}}, {"position", std::string("none")}},
               OptionMap{{"heads", int64_t{4}}, {"position", std::string("learned")}});
  CHECK(check_conformance(transformer(), given) == std::vector<std::string>{});
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

TEST_CASE("transformer notes heads that do not fit the width", "[models][transformer]") {
  Options options({{"heads", int64_t{4}}});
  std::vector<Parameter> parameters;
  MixerContext context(12, 100, true, 1, "", options, parameters);
  transformer().make(context);
  REQUIRE(options.problems().size() == 1);
  CHECK(options.problems()[0].message ==
        "4 heads do not cut d_model 12 into equal parts of even width, as rope needs");
}
