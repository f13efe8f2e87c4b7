// The linear RNNs against tests/reference/linear_rnn.json, which an independent program wrote from
// the papers' formulas (tests/reference/linear_rnn.py), by the parallel form and step by step.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/suite/builtins.h"
#include "longhaul/ops.h"
#include "longhaul/registry.h"
#include "test_paths.h"
#include "tests/support/catch.h"
#include "tests/support/gradient.h"

using namespace longhaul;
using nlohmann::json;

namespace {

constexpr int64_t kWidth = 4, kLength = 11;
constexpr double kTolerance = 2e-5;

OptionMap options_of(const json& object) {
  OptionMap options;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string())
      options[name] = value.get<std::string>();
    else
      options[name] = value.get<int64_t>();
  }
  return options;
}

// What linear_rnn.py gives to every parameter.
void set_values(const std::vector<Parameter>& parameters) {
  const std::string prefix = "mixer.";
  for (const Parameter& p : parameters)
    for (int64_t i = 0; i < p.value.size(); ++i)
      p.value.data()[i] =
          static_cast<float>(0.6 * std::sin(0.7 * static_cast<double>(i) +
                                            static_cast<double>(p.name.size() - prefix.size())));
}

Tensor input() {
  Tensor x({1, kLength, kWidth});
  for (int64_t t = 0; t < kLength; ++t)
    for (int64_t d = 0; d < kWidth; ++d)
      x.data()[t * kWidth + d] =
          static_cast<float>(std::sin(0.9 * static_cast<double>(t) + 2.0 * static_cast<double>(d)));
  return x;
}

}  // namespace

TEST_CASE("the linear RNNs equal an independent implementation, in parallel and step by step",
          "[models][parity]") {
  std::ifstream file(LONGHAUL_SOURCE_DIR "/tests/reference/linear_rnn.json");
  const json cases = json::parse(file);
  Registry registry;
  register_builtins(registry);
  const Tensor x = input();
  for (const json& reference : cases) {
    const auto name = reference["model"].get<std::string>();
    INFO(name << " " << reference["options"] << " causal " << reference["causal"]);
    std::vector<Parameter> parameters;
    Options options(options_of(reference["options"]));
    MixerContext context(kWidth, kLength, reference["causal"], 1, "mixer.", options, parameters, 1,
                         2);
    const auto mixer = registry.model(name).make(context);
    options.check(name);
    std::set<std::string> names;
    for (const Parameter& p : parameters) names.insert(p.name.substr(6));
    REQUIRE(names == reference["parameters"].get<std::set<std::string>>());
    set_values(parameters);

    const Tensor expected = Tensor::from(x.shape(), reference["y"].get<std::vector<float>>());
    CHECK(max_difference(mixer->forward(x, {kLength}), expected) < kTolerance);
    if (!reference["causal"].get<bool>()) continue;
    State state = mixer->start(1);
    for (int64_t t = 0; t < kLength; ++t) {
      const Tensor y = mixer->step(reshape(slice(x, 1, t, t + 1), {1, kWidth}), state);
      CHECK(max_difference(y, reshape(slice(expected, 1, t, t + 1), {1, kWidth})) < kTolerance);
    }
  }
}
