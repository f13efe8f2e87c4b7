// Every option of every mixer away from its default: what it promises holds there too.
#include <cmath>
#include <set>
#include <sstream>

#include "harness/settings/option_check.h"
#include "longhaul/held_choices.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;

namespace {

constexpr int64_t kBatch = 2, kLength = 7, kWidth = 8;

struct Case {
  std::string model;
  OptionMap options;
};

OptionValue is(const char* value) { return std::string(value); }

// Numbers have no list of values to walk: another one of each, beside what makes it count.
const std::vector<Case>& with_other_numbers() {
  static const std::vector<Case> cases{
      {"transformer", {{"heads", int64_t{4}}, {"kv_heads", int64_t{2}}, {"rope_base", 100.0}}},
      {"transformer", {{"window", int64_t{3}}, {"scale_factor", 0.5}}},
      {"transformer", {{"trained_length", int64_t{20}}, {"logn", true}}},
      {"transformer", {{"post_hoc", is("pi")}, {"post_hoc_factor", 3.0}}},
      {"transformer", {{"post_hoc", is("yarn")}, {"post_hoc_factor", 3.0}, {"yarn_fast", 2.0}}},
      {"transformer",
       {{"post_hoc", is("leaky_rerope")},
        {"post_hoc_window", int64_t{2}},
        {"post_hoc_kappa", 3.0}}},
      {"linear_attention",
       {{"heads", int64_t{4}}, {"chunk", int64_t{2}}, {"key_width", int64_t{3}}}},
      {"linear_attention",
       {{"feature", is("favor")}, {"random_features", int64_t{5}}, {"redraw", int64_t{3}}}},
      {"retention", {{"heads", int64_t{4}}, {"chunk", int64_t{2}}}},
      {"gla",
       {{"heads", int64_t{4}}, {"chunk", int64_t{2}}, {"gate_rank", int64_t{3}}, {"tau", 2.0}}},
      {"delta_net", {{"heads", int64_t{4}}, {"chunk", int64_t{2}}}},
      {"lru",
       {{"state", int64_t{5}},
        {"r_min", 0.5},
        {"r_max", 0.9},
        {"max_phase", 0.3},
        {"lr_scale", 0.1}}},
      {"slru", {{"state", int64_t{5}}, {"r_min", 0.5}, {"r_max", 0.9}, {"lr_scale", 0.1}}},
      {"s4d", {{"state", int64_t{4}}, {"dt_min", 0.1}, {"dt_max", 0.5}, {"lr_scale", 1.0}}},
      {"s4", {{"state", int64_t{4}}, {"dt_min", 0.1}, {"dt_max", 0.5}, {"lr_scale", 1.0}}},
      {"s5",
       {{"state", int64_t{12}},
        {"blocks", int64_t{3}},
        {"dt_min", 0.1},
        {"dt_max", 0.5},
        {"lr_scale", 1.0}}},
      {"mamba",
       {{"state", int64_t{3}},
        {"expand", int64_t{1}},
        {"conv", int64_t{2}},
        {"dt_min", 0.1},
        {"dt_max", 0.5}}},
      {"mamba2",
       {{"state", int64_t{3}},
        {"expand", int64_t{1}},
        {"heads", int64_t{2}},
        {"groups", int64_t{2}},
        {"conv", int64_t{2}},
        {"chunk", int64_t{2}},
        {"dt_min", 0.1},
        {"dt_max", 0.5}}},
      {"mamba3",
       {{"state", int64_t{9}},
        {"expand", int64_t{1}},
        {"heads", int64_t{2}},
        {"groups", int64_t{2}},
        {"chunk", int64_t{2}},
        {"dt_min", 0.1},
        {"dt_max", 0.5}}},
      {"hgrn2", {{"heads", int64_t{4}}, {"chunk", int64_t{2}}}},
      {"kda", {{"heads", int64_t{4}}, {"chunk", int64_t{2}}, {"gate_rank", int64_t{3}}}},
      {"delta_product",
       {{"heads", int64_t{4}}, {"chunk", int64_t{2}}, {"householders", int64_t{3}}}},
      {"rwkv7", {{"heads", int64_t{4}}, {"rank", int64_t{3}}}},
      {"mlstm", {{"heads", int64_t{4}}, {"chunk", int64_t{2}}, {"gate_cap", 3.0}}},
      {"slstm", {{"heads", int64_t{4}}}},
      {"m2rnn", {{"heads", int64_t{2}}}},
      {"m2rnn",
       {{"solver", is("newton")},
        {"tolerance", 1e-5},
        {"max_iterations", int64_t{50}},
        {"iterate_clip", 2.0}}},
      {"m2rnn", {{"solver", is("elk")}, {"damping", 0.1}}},
      {"m2rnn", {{"solver", is("newton")}, {"start", is("cell")}, {"window", int64_t{3}}}},
      {"linoss", {{"state", int64_t{5}}}},
      {"pd_ssm", {{"state", int64_t{5}}, {"dictionary", int64_t{3}}}},
      {"hyena",
       {{"order", int64_t{3}},
        {"filter_width", int64_t{5}},
        {"bands", int64_t{2}},
        {"frequency", 2.0}}},
      {"transformer",
       {{"forget_gate", true}, {"sink", true}, {"output_gate", true}, {"window", int64_t{3}}}},
      {"min_gru", {{"state", int64_t{5}}}},
      {"min_lstm", {{"state", int64_t{5}}}},
      {"hgrn", {{"state", int64_t{5}}}},
      {"rnn",
       {{"block", int64_t{2}},
        {"rho", 0.5},
        {"solver", is("newton")},
        {"tolerance", 1e-5},
        {"max_iterations", int64_t{50}},
        {"iterate_clip", 2.0}}},
      {"rnn", {{"solver", is("jacobi")}, {"sweeps", kLength}}},
      {"rnn", {{"solver", is("elk")}, {"damping", 0.1}}},
      {"rnn", {{"solver", is("newton")}, {"start", is("cell")}, {"window", int64_t{3}}}},
  };
  return cases;
}

// Another value of `option` than the default, with what it needs to be allowed or to do something.
Case changed(const std::string& model, const std::string& option, OptionValue value) {
  Case c{model, {}};
  if (model == "transformer") c.options = {{"trained_length", int64_t{5}}};
  if (value == is("identity")) c.options = {{"normaliser", is("rms")}};
  // It comes near at a linear rate and stops right below its tolerance.
  if (value == is("elk")) c.options = {{"tolerance", 1e-7}};
  if (option == "start") c.options = {{"solver", is("newton")}};
  c.options[option] = std::move(value);
  return c;
}

void add_choices(std::vector<Case>& cases, const std::string& model, const OptionInfo& option) {
  std::istringstream words(option.allowed);
  for (std::string word; words >> word;)
    if (word != "|" && OptionValue(word) != option.default_value)
      cases.push_back(changed(model, option.name, word));
}

// Every other value of every flag and choice, and with_other_numbers().
std::vector<Case> every_case(const Registry& registry) {
  std::vector<Case> cases = with_other_numbers();
  std::set<std::pair<std::string, std::string>> numbers;
  for (const Case& c : cases)
    for (const auto& [option, value] : c.options) numbers.emplace(c.model, option);
  for (const auto& [model, info] : registry.models()) {
    if (!info.make) continue;
    for (const OptionInfo& option : check_model(info, {}, kLength, {}).declared) {
      INFO(model << " " << option.name);
      if (option.type == "flag")
        cases.push_back(changed(model, option.name, !std::get<bool>(option.default_value)));
      else if (option.type == "choice")
        add_choices(cases, model, option);
      else
        CHECK(numbers.count({model, option.name}) == 1);
    }
  }
  return cases;
}

double weighted_sum(const Tensor& y, const Tensor& weights) {
  double sum = 0;
  for (int64_t i = 0; i < y.size(); ++i) sum += double{y.data()[i]} * double{weights.data()[i]};
  return sum;
}

// Central differences of fourth order along one element; the loss weighs all outputs.
double difference(const MadeMixer& made, const Tensor& x, const Tensor& weights, float& element,
                  float step) {
  const float before = element;
  const auto at = [&](float steps) {
    element = before + steps * step;
    HeldChoices::active()->rewind();
    return weighted_sum(made(x), weights);
  };
  const double near = at(1) - at(-1), far = at(2) - at(-2);
  element = before;
  return (8 * near - far) / (12 * double{step});
}

// Two elements of each parameter. The second step serves where a gradient drowns in rounding, the
// third where the loss bends within the first (s4d turns quickly in dt).
void check_gradients(const MadeMixer& made, const Tensor& x) {
  const Tensor weights = random_tensor(x.shape(), 2);
  const HeldChoices choices;
  {
    Tape tape;
    tape.backward(sum_all(mul(made(x), weights)));
  }
  for (const Parameter& parameter : made.parameters) {
    if (!parameter.trained()) continue;
    const Tensor& p = parameter.value;
    float largest = 1e-3f;
    for (int64_t i = 0; i < p.size(); ++i) largest = std::max(largest, std::abs(p.grad()[i]));
    for (int64_t i = 0; i < p.size(); i += (p.size() + 1) / 2) {
      double error = 1;
      for (float step : {1e-2f, 5e-2f, 1e-3f})
        if (error > 0.02)
          error = std::abs(difference(made, x, weights, p.data()[i], step) - p.grad()[i]) / largest;
      INFO(parameter.name << " " << i);
      CHECK(error <= 0.02);
    }
    p.drop_grad();
  }
}

void check_causality(const MadeMixer& made, const Tensor& x, const Tensor& y) {
  const int64_t change = kLength / 2;
  const Tensor after =
      made(concat({slice(x, 1, 0, change), Tensor({kBatch, kLength - change, kWidth}, 0.7f)}, 1));
  CHECK(max_difference(slice(after, 1, 0, change), slice(y, 1, 0, change)) < 1e-5);
}

void check_decoding(const MadeMixer& made, const Tensor& x, const Tensor& y) {
  State state = made.mixer->start(kBatch);
  for (int64_t t = 0; t < kLength; ++t) {
    const Tensor row = made.mixer->step(reshape(slice(x, 1, t, t + 1), {kBatch, kWidth}), state);
    CHECK(max_difference(row, reshape(slice(y, 1, t, t + 1), row.shape())) < 1e-4);
  }
}

// Where features of a query and of all keys hardly meet, the output bends within a difference's
// step; tests/parts/feature_map_test.cpp and the operator's tests have these gradients.
bool bends(const OptionMap& options) {
  const auto feature = options.find("feature");
  return feature != options.end() &&
         (feature->second == is("relu") || feature->second == is("relu2") ||
          feature->second == is("favor_trig"));
}

}  // namespace

TEST_CASE("every option of every mixer, away from its default, keeps what a mixer promises",
          "[models][options]") {
  Registry registry;
  register_builtins(registry);
  const Tensor x = random_tensor({kBatch, kLength, kWidth}, 1);
  for (const Case& c : every_case(registry)) {
    std::string given = c.model;
    for (const auto& [name, value] : c.options) given += ", " + name + ": " + to_text(value);
    INFO(given);
    const MadeMixer made = make_mixer(
        c.model, c.options, {.d_model = kWidth, .max_length = kLength, .layer = 1, .layers = 2});
    REQUIRE(made.problems.empty());
    const Tensor y = made(x);
    check_causality(made, x, y);
    check_decoding(made, x, y);
    if (!bends(c.options)) check_gradients(made, x);
  }
}
