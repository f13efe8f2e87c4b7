// Test examples are drawn window by window.
#include <algorithm>

#include "harness/data/batches.h"
#include "harness/train/scoring.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

constexpr int64_t kExamples = 37;

// Says whether the first token is even. It allows 262,144 positions, so that a window has 16
// examples, and draws ten at most.
class FirstIsEven final : public Task {
 public:
  int version() const override { return 1; }
  int64_t vocab() const override { return 1000; }
  int64_t classes() const override { return 2; }
  Readout readout() const override { return Readout::sequence; }
  int64_t max_length() const override { return 1 << 18; }
  Example draw(Rng& rng) const override {
    Example example;
    example.tokens.resize(static_cast<std::size_t>(rng.between(3, 10)));
    for (int32_t& token : example.tokens) token = static_cast<int32_t>(rng.between(1, 999));
    example.targets = {example.tokens.front() % 2 == 0};
    return example;
  }
};

std::vector<int32_t> tokens_of(const std::vector<Batch>& batches) {
  std::vector<int32_t> tokens;
  for (const Batch& batch : batches) {
    CHECK(batch.size <= 8);
    for (const int32_t token : batch.tokens)
      if (token != kPad) tokens.push_back(token);
  }
  std::sort(tokens.begin(), tokens.end());
  return tokens;
}

}  // namespace

TEST_CASE("windows hold the test examples once each, and no more than they may", "[data]") {
  const FirstIsEven task;
  const Windows windows(task, Split::test, kExamples);
  CHECK(windows.size() == 16);
  REQUIRE(windows.count() == 3);
  std::vector<Batch> all;
  for (int64_t i = 0; i < windows.count(); ++i) {
    const std::vector<Batch> batches = windows.draw(i);
    CHECK(batches.size() == (i < 2 ? 2u : 1u));
    all.insert(all.end(), batches.begin(), batches.end());
  }
  CHECK(tokens_of(all) == tokens_of(draw_all(task, Split::test, kExamples)));
}

TEST_CASE("a score of windows is that of all examples together", "[data][evaluation]") {
  const FirstIsEven task;
  const Registry registry = registry_with_seen_task();
  Options none;
  TaskShape shape = shape_of(task);
  shape.max_length = 10;
  const Model model(registry.model("lru"), none, seen_trial("lru", 1).settings, shape, 1);
  Scoring scoring(model, registry.metrics(), false);
  const Windows windows(task, Split::test, kExamples);
  for (int64_t i = 0; i < windows.count(); ++i) scoring.add(windows.draw(i));
  const Score whole = evaluate(model, draw_all(task, Split::test, kExamples));
  const Score parts = scoring.score();
  CHECK(parts.of("accuracy") == whole.of("accuracy"));
  CHECK(parts.of("cross_entropy") == Approx(whole.of("cross_entropy")));
  CHECK(whole.of("accuracy") > 0);
}
