#include <cmath>

#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/check/model_conformance.h"
#include "harness/model/model.h"
#include "harness/suite/suite.h"
#include "longhaul/error.h"
#include "math/meter.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;

namespace {

constexpr TaskShape kTask{.vocab = 11, .classes = 3, .max_length = 64, .readout = Readout::token};

Model tcn(int64_t width, int64_t layers, OptionMap given) {
  Registry registry;
  register_builtins(registry);
  Options options(std::move(given));
  Settings settings;
  settings.d_model = width;
  settings.layers = layers;
  Model model(registry.model("tcn"), options, settings, kTask, 1);
  options.check("tcn");
  return model;
}

const Parameter& parameter(const Model& model, const std::string& name) {
  for (const Parameter& p : model.parameters())
    if (p.name == name) return p;
  throw Error("no parameter " + name);
}

// relu(bias + sum_j x_{t - dilation j} W_j), W normed: the formula of the file's first comment.
std::vector<double> convolve(const std::vector<double>& x, const Model& model,
                             const std::string& name, int64_t taps, int64_t dilation) {
  const int64_t D = 4, T = static_cast<int64_t>(x.size()) / D;
  const float* v = parameter(model, name + ".direction").value.data();
  std::vector<double> y(x.size());
  for (int64_t d = 0; d < D; ++d) {
    double square = 0;
    for (int64_t i = 0; i < taps * D; ++i) square += std::pow(v[i * D + d], 2);
    const double gain = parameter(model, name + ".length").value.data()[d] / std::sqrt(square);
    for (int64_t t = 0; t < T; ++t) {
      double total = parameter(model, name + ".bias").value.data()[d];
      for (int64_t j = 0; j < taps; ++j)
        for (int64_t c = 0; c < D && t >= dilation * j; ++c)
          total += x[(t - dilation * j) * D + c] * gain * v[(j * D + c) * D + d];
      y[t * D + d] = std::max(total, 0.0);
    }
  }
  return y;
}

}  // namespace

TEST_CASE("tcn is the formula of its first comment", "[models][tcn]") {
  const Model model = tcn(4, 3, {{"taps", int64_t{2}}, {"dilations", int64_t{2}}});
  parameter(model, "block.1.second.length").value.data()[2] = -1.5f;
  const Batch batch = random_batch({13}, kTask, 1);
  const int64_t D = 4, T = 13;
  std::vector<double> x;
  for (const int32_t token : batch.tokens)
    for (int64_t d = 0; d < D; ++d)
      x.push_back(parameter(model, "embedding.weight").value.data()[token * D + d]);
  for (int64_t layer = 0; layer < 3; ++layer) {
    const std::string block = "block." + std::to_string(layer);
    const int64_t dilation = layer == 1 ? 2 : 1;
    const auto y = convolve(convolve(x, model, block + ".first", 2, dilation), model,
                            block + ".second", 2, dilation);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::max(x[i] + y[i], 0.0);
  }
  const Tensor logits = model.forward(batch);
  for (int64_t t = 0; t < T; ++t) {
    double square = 0;
    for (int64_t d = 0; d < D; ++d) square += x[t * D + d] * x[t * D + d];
    for (int64_t c = 0; c < 3; ++c) {
      double expected = 0;
      for (int64_t d = 0; d < D; ++d)
        expected += x[t * D + d] / std::sqrt(square / D + 1e-6) *
                    parameter(model, "head.weight").value.data()[d * 3 + c];
      CHECK(logits.data()[t * 3 + c] == Approx(expected).margin(1e-4));
    }
  }
}

TEST_CASE("tcn conforms with other taps, and dilations that begin again", "[models][tcn]") {
  Registry registry;
  register_builtins(registry);
  CHECK(
      check_conformance(registry.model("tcn"), {{"taps", int64_t{2}}, {"dilations", int64_t{1}}}) ==
      std::vector<std::string>{});
}

TEST_CASE("tcn's parameters and operations that ran are those of its shapes", "[models][tcn]") {
  constexpr int64_t D = 4, T = 13, layers = 3, taps = 2, weight = taps * D * D;
  const Model model = tcn(D, layers, {{"taps", taps}});
  int64_t parameters = 0;
  for (const Parameter& p : model.parameters()) parameters += p.value.size();
  CHECK(parameters == 11 * D + layers * 2 * (weight + 2 * D) + D + D * 3 + 3);
  Measurement measured;
  const Meter meter(measured);
  model.forward(random_batch({T}, kTask, 1));
  CHECK(measured.flops == T * (layers * 2 * 2 * weight + 2 * D * 3));
}

TEST_CASE("tcn sees 2 (taps - 1) (1 + 2 + ..) positions back and no farther", "[models][tcn]") {
  const Model model = tcn(32, 2, {{"taps", int64_t{3}}});
  const int64_t back = 2 * 2 * (1 + 2), T = 30;
  Batch batch = random_batch({T}, kTask, 2);
  const Tensor before = model.forward(batch);
  batch.tokens[5] = 1 + batch.tokens[5] % 10;
  const Tensor after = model.forward(batch);
  const auto changed = [&](int64_t t) {
    return !std::equal(before.data() + 3 * t, before.data() + 3 * t + 3, after.data() + 3 * t);
  };
  CHECK(changed(5 + back));
  for (int64_t t = 5 + back + 1; t < T; ++t) CHECK_FALSE(changed(t));
}

TEST_CASE("a setting of the backbone in a network's entry is an error", "[models][tcn]") {
  const auto [key, value] =
      GENERATE(table<std::string, std::string>({{"short_conv", "4"},
                                                {"canon", "AC"},
                                                {"mlp_ratio", "2"},
                                                {"locality", "8"},
                                                {"checkpoint_blocks", "true"}}));
  const TemporaryFile file("t.yaml",
                           "suite: t\nseeds: [0]\nbudget: {steps: 5}\n"
                           "models: [{name: tcn, " +
                               key + ": " + value + "}]\ntasks: [mqar]\n");
  Registry registry;
  register_builtins(registry);
  CHECK_THROWS_WITH(
      load_suite(file.path(), registry),
      Catch::Matchers::Contains("models.tcn." + key + ": is a setting of the backbone"));
}
