
#include <algorithm>
#include <cmath>
#include <limits>

#include "longhaul/parts/attention_positions.h"
#include "longhaul/parts/attention_scale.h"
#include "longhaul/tape.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/make_mixer.h"

using namespace longhaul;
namespace positions = attention_positions;

namespace {

using Words = std::vector<std::string>;

const Words kTurnChanges{"pi",        "ntk_aware", "ntk_old",   "ntk_fixed",
                         "ntk_mixed", "yarn",      "yarn_index"};

OptionMap with(OptionMap options, const OptionMap& more) {
  options.insert(more.begin(), more.end());
  return options;
}

OptionMap post_hoc(const std::string& change, const OptionMap& more = {}) {
  return with({{"post_hoc", change}, {"trained_length", int64_t{64}}}, more);
}

Tensor run(const OptionMap& options, const Tensor& x, int64_t max_length = 64) {
  const MadeMixer made = make_mixer("transformer", options, {.max_length = max_length});
  for (const OptionProblem& problem : made.problems) FAIL_CHECK(problem.message);
  return made(x);
}

}  // namespace

TEST_CASE("transformer: scores depend on the distance alone, whatever the position scheme",
          "[models][transformer]") {
  // Under a window of 5 a row looks the same to attention wherever the sequence begins.
  std::vector<OptionMap> all{post_hoc("rerope", {{"post_hoc_window", int64_t{2}}}),
                             post_hoc("leaky_rerope", {{"post_hoc_window", int64_t{2}}})};
  for (const char* position : {"none", "rope", "xpos", "alibi", "kerple_log", "kerple_power"})
    all.push_back({{"position", std::string(position)}, {"logn", true}, {"key_norm", true}});
  for (const std::string& change : kTurnChanges)
    all.push_back(post_hoc(change, {{"post_hoc_factor", 8.0}, {"yarn_fast", 4.0}}));
  const Tensor before = random_tensor({1, 23, 16}, 1), x = random_tensor({1, 20, 16}, 2);
  for (const OptionMap& options : all) {
    for (const auto& [name, value] : options) UNSCOPED_INFO(name << ": " << to_text(value));
    const OptionMap windowed = with(options, {{"window", int64_t{5}}});
    const Tensor later = slice(run(windowed, concat({before, x}, 1)), 1, 23 + 4, 43);
    CHECK(max_difference(later, slice(run(windowed, x), 1, 4, 20)) < 1e-5);
  }
}

TEST_CASE("transformer: every change after training is none for factor 1",
          "[models][transformer]") {
  const Tensor x = random_tensor({2, 50, 16}, 1);
  const Tensor plain = run({}, x);
  for (const std::string& change : kTurnChanges) {
    INFO(change);
    CHECK(max_difference(run(post_hoc(change), x), plain) < 1e-6);
    CHECK(max_difference(run(post_hoc(change, {{"post_hoc_factor", 2.0}}), x), plain) > 1e-3);
  }
  const OptionMap far{{"post_hoc_window", int64_t{50}}}, near{{"post_hoc_window", int64_t{9}}};
  CHECK(max_difference(run(post_hoc("rerope", far), x), plain) < 1e-6);
  CHECK(max_difference(run(post_hoc("leaky_rerope", with(near, {{"post_hoc_kappa", 1.0}})), x),
                       plain) < 1e-6);
  CHECK(max_difference(run(post_hoc("window", far), x), plain) == 0);
  CHECK(max_difference(run(post_hoc("logn"), x), plain) == 0);
  // Not the identity beyond: the tax that they take within the trained length.
  for (const char* change : {"rerope", "leaky_rerope", "window"}) {
    const Tensor y = run(post_hoc(change, near), x);
    CHECK(max_difference(slice(y, 1, 0, 9), slice(plain, 1, 0, 9)) < 1e-6);
    CHECK(max_difference(slice(y, 1, 10, 50), slice(plain, 1, 10, 50)) > 1e-3);
  }
}

TEST_CASE("transformer: what is trained in stays the same when tested at a longer length",
          "[models][transformer]") {
  const Tensor x = random_tensor({1, 60, 16}, 1);
  const auto changed = [&](const OptionMap& options) {
    const OptionMap longer = with(options, {{"trained_length", int64_t{64}}});
    return max_difference(run(options, x, 64), run(longer, x, 512));
  };
  for (const char* position : {"rope", "alibi", "kerple_log", "kerple_power"})
    CHECK(changed({{"position", std::string(position)}}) == 0);
  CHECK(changed({{"position", std::string("xpos")}}) == 0);
  CHECK(changed({{"hwfa", true}}) == 0);
  CHECK(changed({{"key_norm", true}, {"query_norm", true}, {"logn", true}}) == 0);
  CHECK(changed({{"scale", std::string("gradmax")}}) == 0);
  CHECK(changed({{"post_hoc", std::string("logn")}}) == 0);  // at most as many keys as in training
  for (const std::string& change : kTurnChanges) CHECK(changed({{"post_hoc", change}}) > 1e-3);
}

TEST_CASE("transformer: by default nothing hangs on how long the inputs are that it is tested on",
          "[models][transformer]") {
  const Tensor x = random_tensor({1, 60, 16}, 1);
  std::vector<OptionMap> all{{{"scale", std::string("gradmax")}},
                             {{"logn", true}},
                             {{"key_norm", true}, {"query_norm", true}},
                             {{"key_norm", true}, {"query_norm", true}, {"logn", true}},
                             {{"hwfa", true}}};
  for (const char* position :
       {"none", "rope", "xpos", "alibi", "kerple_log", "kerple_power", "sinusoidal"})
    all.push_back({{"position", std::string(position)}});
  Words changes = kTurnChanges;
  for (const char* other : {"rerope", "leaky_rerope", "logn", "window"})
    changes.emplace_back(other);
  for (const std::string& change : changes) all.push_back({{"post_hoc", change}});
  for (const OptionMap& options : all)
    for (int64_t layer : {0, 1}) {
      for (const auto& [name, value] : options) UNSCOPED_INFO(name << ": " << to_text(value));
      const auto at = [&](int64_t longest, int64_t trained) {
        return make_mixer(
            "transformer", options,
            {.max_length = longest, .layer = layer, .layers = 2, .trained_length = trained})(x);
      };
      const Tensor alone = at(64, 0);
      CHECK(max_difference(at(1024, 64), alone) == 0);
      CHECK(max_difference(at(60000, 64), alone) < 1e-5);  // xpos moves its middle
    }
}

TEST_CASE("transformer: the factor of a change is the training length over trained_length",
          "[models][transformer]") {
  const Tensor x = random_tensor({1, 60, 16}, 1);
  const auto at = [&](int64_t longest, int64_t trained, const OptionMap& more) {
    return make_mixer("transformer", with({{"post_hoc", std::string("pi")}}, more),
                      {.max_length = longest, .trained_length = trained})(x);
  };
  const Tensor twice = at(64, 64, {{"post_hoc_factor", 2.0}});
  CHECK(max_difference(at(512, 64, {{"trained_length", int64_t{32}}}), twice) == 0);
  CHECK(max_difference(at(512, 64, {}), run({}, x)) == 0);
}

TEST_CASE("transformer: with key_norm the length of a key does not matter, without it does",
          "[models][transformer]") {
  // Keys read the upper half of the channels alone, queries and values the lower.
  for (bool norm : {true, false}) {
    const MadeMixer made = make_mixer("transformer", {{"key_norm", norm}});
    for (const char* name : {"q.weight", "k.weight", "v.weight"}) {
      const Tensor w = made.parameter(name);
      std::fill_n(w.data() + (name[0] == 'k' ? 0 : 8 * 16), 8 * 16, 0.0f);
    }
    Tensor x = random_tensor({1, 30, 16}, 1), stretched = x.clone();
    for (int64_t t = 0; t < 30; ++t)
      for (int64_t c = 8; c < 16; ++c)
        stretched.data()[t * 16 + c] *= 0.2f + static_cast<float>(t % 7);
    const double change = max_difference(made(x), made(stretched));
    CHECK((norm ? change < 1e-5 : change > 1e-2));
  }
}

TEST_CASE("ALiBi: slopes of 8 heads are 1/2 .. 1/256, others fill in between",
          "[models][transformer]") {
  const auto slopes = [](int64_t heads) {
    const Tensor s = positions::alibi_slopes(heads);
    return std::vector<float>(s.data(), s.data() + heads);
  };
  CHECK(slopes(8) == std::vector<float>{1 / 2.f, 1 / 4.f, 1 / 8.f, 1 / 16.f, 1 / 32.f, 1 / 64.f,
                                        1 / 128.f, 1 / 256.f});
  CHECK(slopes(1) == std::vector<float>{1 / 256.f});
  CHECK(slopes(3) == std::vector<float>{1 / 16.f, 1 / 256.f, 1 / 4.f});
  CHECK(slopes(6) == std::vector<float>{1 / 4.f, 1 / 16.f, 1 / 64.f, 1 / 256.f, 1 / 2.f, 1 / 8.f});
}

TEST_CASE("KERPLE: biases by distance", "[models][transformer]") {
  const Tensor r1 = Tensor::from({3, 1}, {0.5f, 0.01f, 1}),
               r2 = Tensor::from({3, 1}, {0.25f, 1, 2});
  const Tensor log_bias = positions::kerple_log_bias(r1, r2, 5);
  const Tensor power = positions::kerple_power_bias(r1, r2, 5);
  for (int64_t D = 0; D < 5; ++D) {
    const auto x = static_cast<double>(D);
    CHECK(log_bias.data()[D] == Approx(-0.5 * std::log(1 + 0.25 * x)).margin(1e-6));
    CHECK(log_bias.data()[5 + D] == Approx(-0.01 * std::log(1 + x)).margin(1e-6));
    CHECK(power.data()[D] == Approx(D ? -0.5 * std::pow(x, 0.25) : 0).margin(1e-6));
    CHECK(power.data()[10 + D] == Approx(-x * x).margin(1e-4));
  }
  check_gradient([](const auto& in) { return positions::kerple_log_bias(in[0], in[1], 5); },
                 {random_tensor({2, 1}, 1, 0.5f, 1), random_tensor({2, 1}, 2, 0.5f, 1)});
  check_gradient([](const auto& in) { return positions::kerple_power_bias(in[0], in[1], 5); },
                 {random_tensor({2, 1}, 1, 0.5f, 1), random_tensor({2, 1}, 2, 0.5f, 1)});
}

TEST_CASE("KERPLE: parameters start in their authors' ranges and are held at 0.01 and above",
          "[models][transformer]") {
  struct Range {
    const char *position, *parameter;
    float most;  // of the first values
    float held;  // from above
  };
  constexpr float kFree = std::numeric_limits<float>::infinity();
  for (const Range& range : {Range{"kerple_log", "r1", 2, kFree},
                             {"kerple_log", "r2", 1, kFree},
                             {"kerple_power", "r1", 1, kFree},
                             {"kerple_power", "r2", 2, 2}}) {
    CAPTURE(range.position, range.parameter);
    const MadeMixer made = make_mixer(
        "transformer", {{"position", std::string(range.position)}, {"heads", int64_t{500}}},
        {.d_model = 500});
    const Tensor values = made.parameter(range.parameter);
    const auto [low, high] = std::minmax_element(values.data(), values.data() + values.size());
    CHECK(*low == 0.01f);  // one in 50 .. 200 is drawn below it
    CHECK((*high<range.most&& * high> 0.97f * range.most));
    for (const Parameter& parameter : made.parameters)
      if (parameter.name == range.parameter) {
        CHECK(parameter.group.least == 0.01f);
        CHECK(parameter.group.most == range.held);
        CHECK_FALSE(parameter.group.decay);
      }
  }
}

TEST_CASE("KERPLE: a parameter at its least value has a gradient and moves away again",
          "[models][transformer]") {
  for (const char* position : {"kerple_log", "kerple_power"}) {
    CAPTURE(position);
    MadeMixer made = make_mixer("transformer", {{"position", std::string(position)}});
    const std::vector<int64_t> offsets = gradient_layout(made.parameters);
    const Tensor x = random_tensor({2, 30, 16}, 1), towards = random_tensor({2, 30, 16}, 2);
    const Tensor r1 = made.parameter("r1"), r2 = made.parameter("r2");
    std::fill_n(r1.data(), r1.size(), 0.01f);
    std::fill_n(r2.data(), r2.size(), 0.01f);
    std::vector<float> gradient(static_cast<std::size_t>(offsets.back()));
    int moved = 0;
    for (float sign : {1.0f, -1.0f}) {  // one way or the other leads away from the end
      std::fill(gradient.begin(), gradient.end(), 0.0f);
      {
        Tape tape(gradient.data());
        tape.backward(sum_all(made(x) * (sign * towards)));
      }
      for (std::size_t p = 0; p < made.parameters.size(); ++p)
        if (made.parameters[p].name == "r1" || made.parameters[p].name == "r2")
          for (int64_t i = 0; i < made.parameters[p].value.size(); ++i)
            CHECK(gradient[static_cast<std::size_t>(offsets[p] + i)] != 0);
      Optimizer(made.parameters, offsets, {}).step(gradient.data(), 1, 1e-3);
      for (const Tensor& r : {r1, r2})
        for (int64_t h = 0; h < r.size(); ++h) {
          CHECK(r.data()[h] >= 0.01f);
          moved += r.data()[h] > 0.01f;
          r.data()[h] = 0.01f;
        }
    }
    CHECK(moved == r1.size() + r2.size());
  }
}

TEST_CASE("rope: changed frequencies are those of the sources", "[models][transformer]") {
  const positions::Stretch by8{.factor = 8, .base = 10000, .trained = 128, .yarn_fast = 32};
  const std::vector<double> theta = positions::rope_frequencies(64, 10000);
  const std::vector<double> aware = positions::stretched("ntk_aware", theta, by8);
  for (std::size_t i = 0; i < 32; ++i)  // the base grows 8.555 times
    CHECK(aware[i] == Approx(std::pow(85550.0, -2.0 * static_cast<double>(i) / 64)).epsilon(1e-4));
  CHECK(aware[31] == Approx(theta[31] / 8));
  CHECK(positions::stretched("ntk_old", theta, by8)[31] == Approx(std::pow(80000, -62.0 / 64)));
  CHECK(positions::stretched("ntk_fixed", theta, by8)[31] == Approx(theta[31] / 8));
  CHECK(positions::stretched("ntk_mixed", theta, by8)[31] == Approx(theta[31] / 8));
  CHECK(positions::stretched("pi", theta, by8)[0] == Approx(theta[0] / 8));
  CHECK(positions::yarn_logit_factor(8) == Approx(1.459).epsilon(1e-3));
  int fast = 0, middle = 0, slow = 0;  // at a trained length of 128 hardly a pair is fast
  for (double t : theta) {
    const double kept = positions::yarn_kept(t, by8);
    ++(kept == 1 ? fast : kept == 0 ? slow : middle);
  }
  CHECK((fast == 0 && middle == 11 && slow == 21));
}

TEST_CASE("gradmax: the optimum of the annealed estimate", "[models][transformer]") {
  const std::vector<std::pair<double, double>> gaussian{
      {64, 1.549}, {256, 1.864}, {512, 2.008}, {1024, 2.147}, {4096, 2.406}, {16384, 2.645}};
  for (const auto& [n, alpha] : gaussian)
    CHECK(std::abs(attention_scale::gaussian_optimum(n) - alpha) < 0.01);
  struct Row {
    int64_t d;
    double at256, at512, at4096;
  };
  for (const Row& r : {Row{32, 13.1, 14.5, 19.1}, Row{64, 16.6, 18.2, 22.9},
                       Row{128, 22.3, 24.2, 29.7}, Row{256, 30.7, 33.2, 40.2}}) {
    CHECK(std::abs(attention_scale::cosine_optimum(256, r.d) - r.at256) < 0.2);
    CHECK(std::abs(attention_scale::cosine_optimum(512, r.d) - r.at512) < 0.2);
    CHECK(std::abs(attention_scale::cosine_optimum(4096, r.d) - r.at4096) < 0.2);
  }
}

TEST_CASE("transformer: scores before the scale have variance d, and 1 for keys of length 1",
          "[models][transformer]") {
  const int64_t d = 64, rows = 600;
  Tensor q({rows, d}), k({rows, d});
  Rng rng(1, "test");
  normal(1)(q, rng);
  normal(1)(k, rng);
  const Tensor unit = rms_norm(k, Tensor({d}, 1 / std::sqrt(static_cast<float>(d))));
  const auto variance = [&](const Tensor& keys) {
    const Tensor dots = matmul(q, keys, false, true);
    return sum_all(mul(dots, dots)).item() / static_cast<float>(dots.size());
  };
  CHECK(variance(k) == Approx(d).epsilon(0.02));
  CHECK(variance(unit) == Approx(1).epsilon(0.02));
}
