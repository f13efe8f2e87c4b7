
#include <cmath>

#include "longhaul/ops.h"
#include "longhaul/parts/feature_map.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

FeatureMap make(const std::string& feature, int64_t width, int64_t random_features = 0,
                uint64_t seed = 1, const std::string& prefix = "block.0.mixer.") {
  Options options({{"feature", feature}, {"random_features", random_features}});
  std::vector<Parameter> parameters;
  MixerContext context(32, 100, true, seed, prefix, options, parameters);
  FeatureMap phi(context, width);
  options.check("a feature map");
  CHECK(parameters.empty());
  return phi;
}

double inner(const Tensor& a, const Tensor& b) { return sum_all(a * b).item(); }

}  // namespace

TEST_CASE("each elementwise feature map is its formula", "[models][feature_map]") {
  const Tensor u = random_tensor({3, 8}, 1, -2, 2);
  const auto expect = [&](const std::string& name, auto formula) {
    INFO(name);
    const Tensor y = make(name, 4)(u);
    REQUIRE(y.shape() == u.shape());
    for (int64_t i = 0; i < u.size(); ++i)
      CHECK(y.data()[i] == Approx(formula(double{u.data()[i]})).epsilon(1e-6));
  };
  expect("identity", [](double x) { return x; });
  expect("elu1", [](double x) { return x > 0 ? x + 1 : std::exp(x); });
  expect("relu", [](double x) { return std::max(x, 0.0); });
  expect("relu2", [](double x) { return std::max(x, 0.0) * std::max(x, 0.0); });
  expect("exp", [](double x) { return std::exp(x); });
}

TEST_CASE("taylor features give the second order of the exponential", "[models][feature_map]") {
  const FeatureMap phi = make("taylor", 5);
  REQUIRE(phi.features() == 31);
  const Tensor q = random_tensor({1, 5}, 1, -2, 2), k = random_tensor({1, 5}, 2, -2, 2);
  const double s = inner(q, k) / std::sqrt(5.0);
  CHECK(inner(phi(q), phi(k)) == Approx(1 + s + s * s / 2).epsilon(1e-5));
}

TEST_CASE("heads have feature maps of their own part of the width", "[models][feature_map]") {
  const Tensor u = random_tensor({2, 3, 8}, 3);
  for (const char* name : {"elu1", "taylor", "favor", "favor_trig"}) {
    INFO(name);
    const FeatureMap phi = make(name, 4);
    const int64_t r = phi.features();
    const Tensor y = phi(u);
    REQUIRE(y.shape() == Shape{2, 3, 2 * r});
    for (int64_t h = 0; h < 2; ++h)
      CHECK(max_difference(slice(y, 2, h * r, (h + 1) * r), phi(slice(u, 2, 4 * h, 4 * h + 4))) <
            1e-6);
  }
}

TEST_CASE("rows of W are orthogonal within a group, and as long as normal vectors are",
          "[models][feature_map]") {
  const int64_t d = 6, m = 6 * 200;
  Tensor w({d, m});
  Rng rng(1, "test");
  orthogonal_normal()(w, rng);
  const Tensor gram = matmul(w, w, true);  // [m, m]
  double squares = 0, fourth = 0;
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = i / d * d; j < i; ++j) CHECK(std::abs(gram.data()[i * m + j]) < 1e-4);
    const double square = gram.data()[i * m + i];
    squares += square / m;
    fourth += square * square / m;
  }
  CHECK(squares == Approx(d).epsilon(0.05));            // E |w|^2 = d
  CHECK(fourth == Approx(d * (d + 2.0)).epsilon(0.1));  // E |w|^4 = d (d + 2)
}

TEST_CASE("random features are unbiased for the exponential of softmax attention",
          "[models][feature_map]") {
  const Tensor q = random_tensor({1, 8}, 1), k = random_tensor({1, 8}, 2);
  const double expected = std::exp(inner(q, k) / std::sqrt(8.0));
  for (const char* name : {"favor", "favor_trig"}) {
    double mean = 0;
    const int draws = 400;
    for (uint64_t seed = 0; seed < draws; ++seed) {
      const FeatureMap phi = make(name, 8, 256, seed);
      mean += inner(phi(q), phi(k)) / draws;
    }
    INFO(name);
    CHECK(mean == Approx(expected).epsilon(0.02));
  }
}

TEST_CASE("a query's random features are those of a key times a number, and never overflow",
          "[models][feature_map]") {
  for (const char* name : {"favor", "favor_trig"}) {
    INFO(name);
    const FeatureMap phi = make(name, 4);
    const Tensor u = random_tensor({2, 8}, 1), key = phi(u), query = phi.as_query(u);
    const int64_t r = phi.features();
    for (int64_t head = 0; head < 4; ++head) {  // two of each row
      const float *k = key.data() + head * r, *q = query.data() + head * r;
      for (int64_t i = 0; i < r; ++i) CHECK(q[i] * k[0] == Approx(q[0] * k[i]).margin(1e-6));
    }
    const Tensor large = phi.as_query(scale(u, 1e3f));
    for (int64_t i = 0; i < large.size(); ++i) CHECK(std::abs(large.data()[i]) <= 1);
  }
}

TEST_CASE("random features come from the seed and the place in the model alone",
          "[models][feature_map]") {
  const Tensor u = random_tensor({1, 8}, 1);
  const Tensor first = make("favor", 8)(u);
  CHECK(max_difference(first, make("favor", 8)(u)) == 0);
  CHECK(max_difference(first, make("favor", 8, 0, 2)(u)) > 0.01);
  CHECK(max_difference(first, make("favor", 8, 0, 1, "block.1.mixer.")(u)) > 0.01);
}

TEST_CASE("random features are drawn anew every `redraw` training steps, from the seed",
          "[models][feature_map]") {
  const auto made = [](uint64_t seed) {
    Options options({{"feature", std::string("favor")}, {"redraw", int64_t{3}}});
    std::vector<Parameter> parameters;
    MixerContext context(32, 100, true, seed, "", options, parameters);
    return std::pair(FeatureMap(context, 8), parameters);
  };
  const Tensor u = random_tensor({1, 8}, 1);
  const auto [phi, stored] = made(1);
  REQUIRE(stored.size() == 1);
  CHECK(!stored[0].trained());
  CHECK(!stored[0].value.needs_grad());
  const Tensor first = phi(u);
  CHECK(max_difference(first, make("favor", 8, 0, 1, "")(u)) == 0);  // the first draw is the same
  for (int64_t step : {0, 1, 2}) stored[0].redraw(step);
  CHECK(max_difference(first, phi(u)) == 0);
  stored[0].redraw(3);
  const Tensor second = phi(u);
  CHECK(max_difference(first, second) > 0.01);
  stored[0].redraw(6);
  CHECK(max_difference(second, phi(u)) > 0.01);
  const auto [again, own] = made(1);
  own[0].redraw(3);
  CHECK(max_difference(second, again(u)) == 0);
}

TEST_CASE("feature maps have the gradient of finite differences", "[models][feature_map]") {
  for (const char* name : {"relu2", "exp", "taylor", "favor", "favor_trig"})
    for (int64_t rows : {0, 1, 2, 5}) {
      INFO(name << " of " << rows << " rows");
      const FeatureMap phi = make(name, 3);
      check_gradient([&](const auto& x) { return phi(x[0]); },
                     {random_tensor({rows, 6}, 4, 0.1f, 1.5f)});
    }
}
