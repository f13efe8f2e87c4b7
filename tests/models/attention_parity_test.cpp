// The transformer's mixer against tests/reference/attention.npy (tests/reference/attention.py).

#include <cmath>
#include <nlohmann/json.hpp>

#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"
#include "tests/helpers/reference.h"

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
  const nlohmann::json cases = reference_cases("attention.json");
  const Tensor outputs = reference_array("attention.npy");  // [cases, T, D]
  const int64_t count = outputs.dim(0), T = outputs.dim(1), D = outputs.dim(2);
  REQUIRE(static_cast<int64_t>(cases.size()) == count);
  Tensor x({1, T, D});
  fill_wave(x, 0.5);
  for (int64_t i = 0; i < count; ++i) {
    const nlohmann::json& entry = cases[i];
    INFO(entry["changed"].dump() << ", causal " << entry["causal"] << ", layer " << entry["layer"]);
    const MadeMixer made = make_mixer("transformer", reference_options(entry["options"]),
                                      {.d_model = D,
                                       .max_length = 20,
                                       .causal = entry["causal"],
                                       .layer = entry["layer"],
                                       .layers = entry["layers"]});
    CHECK(made.problems.empty());
    fill_parameters(made);
    CHECK(max_difference(made(x), slice(outputs, 0, i, i + 1)) < 1e-5);
  }
}
