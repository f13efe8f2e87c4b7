// What all formal-language tasks promise: lengths, empty slots, options.

#include <algorithm>
#include <map>
#include <set>

#include "harness/data/examples.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;
using Catch::Matchers::Contains;

namespace {

struct Kind {
  std::string name;
  int64_t shortest;
  int64_t (*slots)(int64_t);
};

int64_t none(int64_t) { return 0; }
int64_t same(int64_t n) { return n; }
int64_t one_more(int64_t n) { return n + 1; }
int64_t twice(int64_t n) { return 2 * n; }
int64_t half(int64_t n) { return n / 2 + n % 2; }

const Kind kKinds[] = {
    {"even_pairs", 1, none},
    {"parity_check", 1, none},
    {"cycle_navigation", 1, none},
    {"modular_arithmetic", 1, none},
    {"modular_arithmetic_brackets", 1, none},
    {"solve_equation", 3, none},
    {"reverse_string", 1, same},
    {"stack_manipulation", 1, one_more},
    {"duplicate_string", 1, twice},
    {"missing_duplicate_string", 2, none},
    {"odds_first", 1, same},
    {"binary_addition", 3, one_more},
    {"binary_multiplication", 3, same},
    {"compute_sqrt", 1, half},
    {"bucket_sort", 1, same},
};

OptionMap lengths(int64_t low, int64_t high) { return {{"min_length", low}, {"max_length", high}}; }

// Symbols of the input: all tokens that are not the empty slot, the last id.
int64_t input_length(const Task& task, const Example& example) {
  if (task.readout() == Readout::sequence) return static_cast<int64_t>(example.tokens.size());
  return std::count_if(example.tokens.begin(), example.tokens.end(),
                       [&](int32_t token) { return token + 1 < task.vocab(); });
}

}  // namespace

TEST_CASE("formal: inputs have every length of min_length .. max_length and no other",
          "[tasks][formal]") {
  const Kind kind = GENERATE(from_range(std::begin(kKinds), std::end(kKinds)));
  INFO(kind.name);
  const auto task = make_task(kind.name, lengths(kind.shortest, 9));
  CHECK(task->max_length() == 9 + kind.slots(9));
  std::set<int64_t> expected, seen;
  for (int64_t n = kind.shortest; n <= 9; ++n)
    expected.insert(kind.name == "modular_arithmetic" ? n - (n + 1) % 2 : n);
  expected.erase(0);
  for (int i = 0; i < 500; ++i) {
    Rng rng(2, "formal lengths", i);
    seen.insert(input_length(*task, task->draw(rng)));
  }
  CHECK(seen == expected);
}

TEST_CASE("formal: lengths are uniform", "[tasks][formal]") {
  const auto task = make_task("reverse_string", lengths(5, 14));
  std::map<std::size_t, int> seen;
  const int n = 10000;
  for (int i = 0; i < n; ++i) {
    Rng rng(3, "formal lengths", i);
    ++seen[task->draw(rng).tokens.size() / 2];
  }
  CHECK(seen.size() == 10);
  for (const auto& [length, count] : seen)
    CHECK(std::abs(count - n / 10) < 4 * std::sqrt(n * .1 * .9));
}

TEST_CASE("formal: the input comes first, then empty slots, scored from the first on",
          "[tasks][formal]") {
  const Kind kind = GENERATE(from_range(std::begin(kKinds), std::end(kKinds)));
  INFO(kind.name);
  const auto task = make_task(kind.name);
  for (int i = 0; i < 200; ++i) {
    Rng rng(4, "formal slots", i);
    const Example example = task->draw(rng);
    const int64_t length = input_length(*task, example);
    REQUIRE(example.tokens.size() == length + kind.slots(length));
    if (task->readout() == Readout::sequence) {
      REQUIRE(kind.slots(length) == 0);
      REQUIRE(example.targets.size() == 1);
      continue;
    }
    const auto slot = static_cast<int32_t>(task->vocab() - 1);
    REQUIRE(std::count(example.tokens.begin() + length, example.tokens.end(), slot) ==
            kind.slots(length));
    REQUIRE(example.targets.size() == example.tokens.size());
    const auto scored = [](int32_t target) { return target != kIgnore; };
    const auto first = std::find_if(example.targets.begin(), example.targets.end(), scored);
    REQUIRE(first - example.targets.begin() == length);
    const auto unscored = std::find_if_not(first, example.targets.end(), scored);
    REQUIRE(std::none_of(unscored, example.targets.end(), scored));
  }
}

TEST_CASE("formal: at_length tests a model at a length that it was not trained at",
          "[tasks][formal]") {
  const Kind kind = GENERATE(from_range(std::begin(kKinds), std::end(kKinds)));
  INFO(kind.name);
  const auto trained = make_task(kind.name);
  for (int64_t length : {8, 99, 301}) {
    const auto tested = make_task(kind.name, trained->at_length(length));
    CHECK(tested->vocab() == trained->vocab());
    CHECK(tested->classes() == trained->classes());
    CHECK(tested->readout() == trained->readout());
    for (Split split : {Split::train, Split::validation, Split::test}) {
      const int64_t drawn = input_length(*tested, example(*tested, split, 1, 0));
      CHECK(drawn == (kind.name == "modular_arithmetic" && length == 8 ? 7 : length));
    }
  }
  CHECK_THROWS_WITH(trained->at_length(2), Contains("inputs of length 2, allowed: 8 .. "));
}

TEST_CASE("formal: lengths that cannot be are refused", "[tasks][formal]") {
  CHECK_THROWS_WITH(make_task("parity_check", lengths(20, 10)),
                    Contains("min_length: found 20, allowed: at most 10 (max_length)"));
  CHECK_THROWS_WITH(make_task("parity_check", lengths(1, 4)), Contains("max_length"));
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    CHECK_THROWS_WITH(make_task(kind.name, lengths(kind.shortest - 1, 40)), Contains("min_length"));
  }
}

TEST_CASE("formal: sizes of alphabets change the ids, and have bounds", "[tasks][formal]") {
  for (const std::string name : {"reverse_string", "duplicate_string", "odds_first", "bucket_sort"})
    for (int64_t symbols : {2, 7}) {
      const auto task = make_task(name, {{"symbols", symbols}});
      CHECK(task->vocab() == symbols + 2);
      CHECK(task->classes() == symbols);
      CHECK_THROWS_WITH(make_task(name, {{"symbols", int64_t{11}}}), Contains("symbols"));
    }
  for (const std::string name :
       {"modular_arithmetic", "modular_arithmetic_brackets", "solve_equation"}) {
    CHECK(make_task(name, {{"modulus", int64_t{7}}})->classes() == 7);
    CHECK_THROWS_WITH(make_task(name, {{"modulus", int64_t{1}}}), Contains("modulus"));
  }
  CHECK(make_task("cycle_navigation", {{"cycle", int64_t{3}}})->classes() == 3);
  CHECK_THROWS_WITH(make_task("cycle_navigation", {{"cycle", int64_t{1}}}), Contains("cycle"));
}
