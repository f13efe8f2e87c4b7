// Models against code of others: tests/reference/authors.npy and authors_systems.npy hold outputs
// and gradients of authors' own code and of packages such as flash-linear-attention, transformers
// and torch (tests/reference/authors.py, authors_systems.py). docs/models.md quotes the differences
// that this test prints with LONGHAUL_PRINT_PARITY=1.
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"
#include "tests/helpers/reference.h"

using namespace longhaul;

namespace {

constexpr int64_t D = 8, T = 19;
constexpr double kTolerance = 1e-4;  // relative to the largest value of each array
// Of a gradient whose terms cancel (mlstm's i.bias, behind a norm), nothing but rounding is left:
// values are at least so large a share of the largest gradient before they count alone.
constexpr double kLeastShare = 1e-2;

// What authors.py gives to a parameter, the input, and the weights of the outputs in its loss.
void set_values(const Parameter& p) {
  double phase = 0;
  for (char letter : p.name) phase += letter;
  for (int64_t i = 0; i < p.value.size(); ++i)
    p.value.data()[i] = static_cast<float>(0.6 * std::sin(0.7 * static_cast<double>(i) + phase));
}

Tensor input() {
  Tensor x({1, T, D});
  for (int64_t i = 0; i < x.size(); ++i)
    x.data()[i] = static_cast<float>(
        std::sin(0.9 * static_cast<double>(i / D) + 2.0 * static_cast<double>(i % D)));
  return x;
}

Tensor loss_weights() {
  Tensor w({1, T, D});
  for (int64_t i = 0; i < w.size(); ++i)
    w.data()[i] = static_cast<float>(std::cos(0.3 * static_cast<double>(i)));
  return w;
}

double largest(const float* a, int64_t n) {
  double found = 0;
  for (int64_t i = 0; i < n; ++i) found = std::max(found, std::abs(double{a[i]}));
  return found;
}

// The largest |a - b| over the largest |b|, which counts as `least` at least.
double difference(const float* a, const float* b, int64_t n, double least) {
  double off = 0;
  for (int64_t i = 0; i < n; ++i) off = std::max(off, std::abs(double{a[i]} - double{b[i]}));
  return off / std::max(least, largest(b, n));
}

}  // namespace

TEST_CASE("models equal the code of others, in outputs and in gradients", "[models][parity]") {
  const std::string file = GENERATE(as<std::string>{}, "authors", "authors_systems");
  const nlohmann::json cases = reference_cases(file + ".json");
  const Tensor arrays = reference_array(file + ".npy");
  const bool print = std::getenv("LONGHAUL_PRINT_PARITY") != nullptr;
  int64_t at = 0;
  for (const nlohmann::json& reference : cases) {
    const auto name = reference["model"].get<std::string>();
    INFO(name << " " << reference["options"]);
    const MadeMixer made = make_mixer(name, reference_options(reference["options"]),
                                      {.d_model = D, .max_length = T, .layer = 1, .layers = 2});
    REQUIRE(made.problems.empty());
    std::map<std::string, Tensor> parameters;
    for (const Parameter& p : made.parameters) {
      set_values(p);
      parameters[p.name] = p.value;
    }
    std::set<std::string> names;
    for (const auto& [parameter, value] : parameters) names.insert(parameter);
    REQUIRE(names == reference["parameters"].get<std::set<std::string>>());

    Tensor x = input(), y;
    x.set_needs_grad(true);
    {
      Tape tape;
      y = made(x);
      tape.backward(sum_all(mul(y, loss_weights())));
    }
    double least = 0;
    const auto next = [&](const float* ours, int64_t n) {
      REQUIRE(at + n <= arrays.size());
      const double off = difference(ours, arrays.data() + at, n, least);
      at += n;
      return off;
    };
    const double output = next(y.data(), y.size());
    CHECK(output < kTolerance);
    for (const auto& [parameter, value] : parameters)
      least = std::max(least, kLeastShare * largest(value.grad(), value.size()));
    double gradients = next(x.grad(), x.size());
    CHECK(gradients < kTolerance);
    for (const auto& [parameter, value] : parameters) {
      const double off = next(value.grad(), value.size());
      INFO("gradient of " << parameter);
      CHECK(off < kTolerance);
      gradients = std::max(gradients, off);
    }
    if (print)
      std::cout << "| " << name << " | " << reference["options"] << " | "
                << reference["package"].get<std::string>() << " "
                << reference["version"].get<std::string>() << " | " << std::scientific
                << std::setprecision(1) << output << " | " << gradients << " |\n";
  }
  CHECK(at == arrays.size());
}
