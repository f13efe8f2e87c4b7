
#include <algorithm>
#include <cmath>

#include "harness/data/baselines.h"
#include "harness/data/logistic.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

// Tokens 1 .. 5; the label says whether there are more 1s than 2s, or, for `order`, whether the
// first 1 comes before the first 2.
class Counting final : public Task {
 public:
  explicit Counting(bool order, Readout readout = Readout::sequence, bool is_bag = true)
      : order_(order), readout_(readout), is_bag_(is_bag) {}
  int version() const override { return 1; }
  int64_t vocab() const override { return 6; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return readout_; }
  int64_t max_length() const override { return 21; }
  bool shallow_is_bag_of_tokens() const override { return is_bag_; }
  Example draw(Rng& rng) const override {
    Example example;
    int balance = 0, first = 0;
    for (int t = 0; t < 21 || balance == 0 || first == 0; ++t) {
      if (t == 21) {
        t = balance = first = 0;
        example.tokens.clear();
      }
      example.tokens.push_back(static_cast<int32_t>(rng.between(1, 5)));
      const int sign = example.tokens.back() == 1 ? 1 : example.tokens.back() == 2 ? -1 : 0;
      balance += sign;
      if (first == 0) first = sign;
    }
    example.targets = {(order_ ? first : balance) > 0};
    if (readout_ == Readout::pair) {  // the second document is the same bag, or another
      example.second = example.tokens;
      example.targets = {rng.below(2) == 1};
      if (example.targets[0] == 0)
        for (int32_t& token : example.second) token = static_cast<int32_t>(rng.between(1, 5));
    }
    return example;
  }

 private:
  bool order_;
  Readout readout_;
  bool is_bag_;
};

}  // namespace

TEST_CASE("a bag of tokens that comes to no number has no score", "[baselines][not_a_number]") {
  // Real numbers whose squares are infinite.
  class Huge final : public Task {
    int version() const override { return 1; }
    int64_t vocab() const override { return 0; }
    int64_t channels() const override { return 1; }
    int64_t classes() const override { return 2; }
    Readout readout() const override { return Readout::sequence; }
    int64_t max_length() const override { return 3; }
    bool shallow_is_bag_of_tokens() const override { return true; }
    Example draw(Rng& rng) const override {
      const auto huge = static_cast<float>(rng.between(1, 9)) * 1e30f;
      Example e;
      e.values = {huge, 1, 2};
      e.targets = {static_cast<int32_t>(rng.below(2))};
      return e;
    }
  };
  const Baselines found = measure_baselines(Huge(), 20, 50, true);
  CHECK(std::isnan(found.shallow));
  CHECK(std::isnan(found.bag_of_tokens.value()));
  CHECK(found.majority > 0);
  CHECK(found.best() == std::max(found.majority, 0.5));
}

TEST_CASE("a bag of tokens knows what counts say, and not what order says", "[baselines]") {
  CHECK(measure_baselines(Counting(false), 1000, 2000).shallow > 0.97);
  // Whoever has more 1s often has the first one: the order leaves a trace in counts, no more.
  CHECK(measure_baselines(Counting(true), 1000, 2000).shallow < 0.75);
}

TEST_CASE("a bag of tokens of a pair sees whether both documents have the same counts",
          "[baselines]") {
  CHECK(measure_baselines(Counting(false, Readout::pair), 1000, 2000).shallow > 0.95);
}

TEST_CASE("a bag of tokens is measured on request beside a task's own rule", "[baselines]") {
  const Counting other(false, Readout::sequence, false), bag(false);
  const Baselines asked = measure_baselines(other, 500, 1000, true);
  CHECK(asked.bag_of_tokens.value() > 0.95);
  CHECK(asked.shallow < 0.75);  // its rule knows nothing
  CHECK(asked.best() == *asked.bag_of_tokens);
  CHECK(asked.shallow == measure_baselines(other, 500, 1000).shallow);
  CHECK_FALSE(measure_baselines(other, 500, 1000).bag_of_tokens.has_value());
  const Baselines own = measure_baselines(bag, 500, 1000, true);
  CHECK(own.bag_of_tokens == own.shallow);
  CHECK_FALSE(measure_baselines(Counting(false, Readout::token, false), 500, 1000, true)
                  .bag_of_tokens.has_value());
}

TEST_CASE("baselines have the same bits for one and for two threads", "[baselines]") {
  const auto measure = [] { return measure_baselines(Counting(true), 300, 300); };
  const Baselines one = with_threads(1, measure), two = with_threads(2, measure);
  CHECK(one.shallow == two.shallow);
  CHECK(one.majority == two.majority);
}

TEST_CASE("logistic regression: separates classes, ignores a constant feature", "[baselines]") {
  std::vector<float> rows;
  std::vector<int32_t> targets;
  Rng rng(1, "logistic test");
  for (int i = 0; i < 300; ++i) {
    const int32_t target = static_cast<int32_t>(rng.below(3));
    const double angle = target * 2.0943951;
    rows.push_back(static_cast<float>(std::cos(angle) + 0.2 * rng.normal()));
    rows.push_back(7);
    rows.push_back(static_cast<float>(std::sin(angle) + 0.2 * rng.normal()));
    targets.push_back(target);
  }
  const LogisticRegression regression(rows, targets, 3, 3);
  CHECK(regression.answer({1, 7, 0}) == 0);
  CHECK(regression.answer({-0.5f, 7, 0.87f}) == 1);
  CHECK(regression.answer({-0.5f, 1000, -0.87f}) == 2);
}
