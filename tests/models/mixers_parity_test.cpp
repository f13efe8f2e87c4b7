// All mixers but the transformer against tests/reference/mixers.npy, which an independent program
// wrote from the papers' formulas (tests/reference/mixers.py), all at once and step by step.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"
#include "tests/helpers/reference.h"

using namespace longhaul;

namespace {

constexpr double kTolerance = 2e-5;

// What mixers.py gives to every parameter.
void set_values(const std::vector<Parameter>& parameters) {
  for (const Parameter& p : parameters) {
    double phase = 0;
    for (char letter : p.name) phase += letter;
    for (int64_t i = 0; i < p.value.size(); ++i)
      p.value.data()[i] = static_cast<float>(0.6 * std::sin(0.7 * static_cast<double>(i) + phase));
  }
}

Tensor input(int64_t length, int64_t width) {
  Tensor x({1, length, width});
  for (int64_t t = 0; t < length; ++t)
    for (int64_t d = 0; d < width; ++d)
      x.data()[t * width + d] =
          static_cast<float>(std::sin(0.9 * static_cast<double>(t) + 2.0 * static_cast<double>(d)));
  return x;
}

}  // namespace

TEST_CASE("every mixer equals an independent implementation, at once and step by step",
          "[models][parity]") {
  const nlohmann::json cases = reference_cases("mixers.json");
  const Tensor outputs = reference_array("mixers.npy");  // [cases, T, D]
  const int64_t count = outputs.dim(0), T = outputs.dim(1), D = outputs.dim(2);
  REQUIRE(static_cast<int64_t>(cases.size()) == count);
  const Tensor x = input(T, D);
  for (int64_t i = 0; i < count; ++i) {
    const nlohmann::json& reference = cases[i];
    const auto name = reference["model"].get<std::string>();
    INFO(name << " " << reference["options"] << " causal " << reference["causal"]);
    const MadeMixer made = make_mixer(
        name, reference_options(reference["options"]),
        {.d_model = D, .max_length = T, .causal = reference["causal"], .layer = 1, .layers = 2});
    CHECK(made.problems.empty());
    std::set<std::string> names;
    for (const Parameter& p : made.parameters) names.insert(p.name);
    REQUIRE(names == reference["parameters"].get<std::set<std::string>>());
    set_values(made.parameters);

    const Tensor expected = slice(outputs, 0, i, i + 1);
    CHECK(max_difference(made(x), expected) < kTolerance);
    if (!reference["causal"].get<bool>()) continue;
    State state = made.mixer->start(1);
    for (int64_t t = 0; t < T; ++t) {
      const Tensor y = made.mixer->step(reshape(slice(x, 1, t, t + 1), {1, D}), state);
      CHECK(max_difference(y, reshape(slice(expected, 1, t, t + 1), {1, D})) < kTolerance);
    }
  }
}
