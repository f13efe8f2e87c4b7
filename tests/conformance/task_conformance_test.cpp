// What every registered task promises (longhaul/task.h), whoever wrote it.

#include <algorithm>
#include <unordered_set>

#include "harness/train/examples.h"
#include "longhaul/error.h"
#include "tests/support/catch.h"
#include "tests/support/make_task.h"

using namespace longhaul;

namespace {

std::vector<std::string> task_names() {
  Registry registry;
  register_builtins(registry);
  std::vector<std::string> names;
  for (const auto& [name, info] : registry.tasks()) names.push_back(name);
  return names;
}

// Options that make examples of a task cheap, so that many can be drawn; most tasks need none.
OptionMap cheap_options(const std::string& name) {
  if (name == "listops")
    return {{"max_depth", int64_t{5}}, {"min_length", int64_t{20}}, {"max_length", int64_t{100}}};
  if (name == "path_x") return {{"size", std::string("32")}};
  return {};
}

constexpr Split kSplits[] = {Split::train, Split::validation, Split::test};

void check_ids(const Task& task, const Example& example) {
  REQUIRE(!example.tokens.empty());
  REQUIRE(example.tokens.size() <= task.max_length());
  for (int32_t token : example.tokens) REQUIRE((token >= 1 && token < task.vocab()));  // 0 is kPad
  const bool per_token = task.readout() == Readout::token;
  REQUIRE(example.targets.size() == (per_token ? example.tokens.size() : 1));
  for (int32_t target : example.targets)
    REQUIRE((target == kIgnore || (target >= 0 && target < task.classes())));
  REQUIRE(std::count(example.targets.begin(), example.targets.end(), kIgnore) <
          example.targets.size());
}

void check_shallow(const Task& task, const Example& example) {
  for (int64_t t = 0; t < example.targets.size(); ++t) {
    if (example.targets[t] == kIgnore) continue;
    const int32_t guess = task.shallow(example, t).guess;
    REQUIRE((guess == kIgnore || (guess >= 0 && guess < task.classes())));
  }
}

}  // namespace

TEST_CASE("every task: sizes and version are declared", "[conformance][tasks]") {
  const auto name = GENERATE(from_range(task_names()));
  INFO("task " << name);
  const auto task = make_task(name);
  CHECK(task->version() >= 1);
  CHECK(task->vocab() >= 2);
  CHECK(task->classes() >= 2);
  CHECK(task->max_length() >= 1);
}

TEST_CASE("every task: an option that nobody reads is refused", "[conformance][tasks]") {
  const auto name = GENERATE(from_range(task_names()));
  INFO("task " << name);
  CHECK_THROWS_AS(make_task(name, {{"no_such_option", int64_t{1}}}), Error);
}

TEST_CASE("every task: tokens, targets and shallow answers keep what it declares",
          "[conformance][tasks]") {
  const auto name = GENERATE(from_range(task_names()));
  INFO("task " << name);
  const auto task = make_task(name);
  for (Split split : kSplits)
    for (int64_t i = 0; i < (task->max_length() > 4096 ? 2 : 10); ++i) {
      const Example example = longhaul::example(*task, split, 1, i);
      check_ids(*task, example);
      check_shallow(*task, example);
      const std::string shown = task->show(example);
      REQUIRE(!shown.empty());
      REQUIRE(shown.back() == '\n');
    }
}

TEST_CASE("every task: an example is the same whatever was drawn before", "[conformance][tasks]") {
  const auto name = GENERATE(from_range(task_names()));
  INFO("task " << name);
  const auto task = make_task(name, cheap_options(name));
  const auto again = make_task(name, cheap_options(name));
  const int64_t n = 20;
  std::vector<Example> forwards;
  for (int64_t i = 0; i < n; ++i) forwards.push_back(example(*task, Split::train, 7, i));
  for (int64_t i = n - 1; i >= 0; --i) {
    const Example drawn = example(*again, Split::train, 7, i);
    CHECK(drawn.tokens == forwards[i].tokens);
    CHECK(drawn.targets == forwards[i].targets);
  }
  int same = 0;
  for (int64_t i = 0; i < n; ++i)
    same += example(*task, Split::train, 8, i).tokens == forwards[i].tokens;
  CHECK(same < n / 2);  // another seed, other examples
}

TEST_CASE("every task: no example is in two splits", "[conformance][tasks]") {
  const auto name = GENERATE(from_range(task_names()));
  INFO("task " << name);
  const OptionMap options = cheap_options(name);
  const auto task = make_task(name, options);
  std::unordered_set<uint64_t> elsewhere;
  for (Split split : kSplits) {
    std::unordered_set<uint64_t> here;
    for (int64_t i = 0; i < 2000; ++i) {
      const auto tokens = example(*task, split, 1, i).tokens;
      here.insert(hash_bytes(tokens.data(), tokens.size() * sizeof(tokens[0])));
    }
    CHECK(here.size() > 1000);  // a split is not one example again and again
    for (uint64_t hash : here) REQUIRE(elsewhere.count(hash) == 0);
    elsewhere.merge(here);
  }
}
