// tests/reference/attention.json holds what tests/reference/attention.py computed.

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "test_paths.h"
#include "tests/support/catch.h"
#include "tests/support/gradient.h"
#include "tests/support/make_mixer.h"

using namespace longhaul;

namespace {

// cos(phase + 0.9 i + 2.3 j + 0.11 i j): the inputs and weights of the reference.
void fill_wave(const Tensor& x, double phase) {
  const int64_t columns = x.dim(-1);
  for (int64_t at = 0; at < x.size(); ++at) {
    const auto i = static_cast<double>(at / columns), j = static_cast<double>(at % columns);
    x.data()[at] = static_cast<float>(std::cos(phase + 0.9 * i + 2.3 * j + 0.11 * i * j));
  }
}

OptionMap options_of(const nlohmann::json& given) {
  OptionMap options;
  for (const auto& [name, value] : given.items()) {
    if (value.is_boolean())
      options[name] = value.get<bool>();
    else if (value.is_number_integer())
      options[name] = value.get<int64_t>();
    else if (value.is_number())
      options[name] = value.get<double>();
    else
      options[name] = value.get<std::string>();
  }
  return options;
}

void fill_parameters(const MadeMixer& made) {
  double phase = 1;
  for (const char* name : {"q.weight", "k.weight", "v.weight", "out.weight"}) {
    fill_wave(made.parameter(name), phase);
    phase += 0.37;
  }
  const Tensor r1 = made.parameter("r1"), r2 = made.parameter("r2");
  if (!r1.defined()) return;
  for (int64_t h = 0; h < r1.size(); ++h) {
    r1.data()[h] = 0.5f + 0.3f * static_cast<float>(h);
    r2.data()[h] = 0.2f + 0.25f * static_cast<float>(h);
  }
}

}  // namespace

TEST_CASE("transformer equals an independent NumPy program with every option",
          "[models][transformer]") {
  std::ifstream in(LONGHAUL_SOURCE_DIR "/tests/reference/attention.json");
  const nlohmann::json cases = nlohmann::json::parse(in);
  REQUIRE(cases.size() > 30);
  for (const nlohmann::json& entry : cases) {
    INFO(entry["changed"].dump() << ", causal " << entry["causal"] << ", layer " << entry["layer"]);
    const auto values = entry["y"].get<std::vector<float>>();
    const int64_t D = 8, T = static_cast<int64_t>(values.size()) / D;
    const MadeMixer made = make_mixer("transformer", options_of(entry["options"]),
                                      {.d_model = D,
                                       .max_length = 20,
                                       .causal = entry["causal"],
                                       .layer = entry["layer"],
                                       .layers = entry["layers"]});
    CHECK(made.problems.empty());
    fill_parameters(made);
    Tensor x({1, T, D});
    fill_wave(x, 0.5);
    CHECK(max_difference(made(x), Tensor::from({1, T, D}, values)) < 1e-4);
  }
}
