// palindrome, stacks, copy_string and flip_flop: what is answered stands in the input before.

#include <algorithm>
#include <map>
#include <set>

#include "harness/data/baselines.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/tasks/token_rules.h"

using namespace longhaul;
using namespace longhaul::token_rules;
using Catch::Matchers::Contains;

namespace {

Solve backwards(int32_t marker) {
  return [=](const Ids& tokens) {
    const auto at = std::find(tokens.begin(), tokens.end(), marker) - tokens.begin();
    REQUIRE(2 * at == static_cast<int64_t>(tokens.size()));
    Ids targets = nothing(tokens);
    for (int64_t i = 0; i < at; ++i) targets[at + i] = tokens[at - 1 - i] - 1;
    for (int64_t t = at; t + 1 < 2 * at; ++t) REQUIRE(tokens[t + 1] == targets[t] + 1);
    return targets;
  };
}

// The latest push to a stack whose pushes and pops since then cancel.
Solve stacking(int32_t stacks) {
  return [=](const Ids& tokens) {
    Ids targets = nothing(tokens);
    for (std::size_t t = 0; t < tokens.size(); t += 3) {
      REQUIRE((tokens[t + 1] >= 3 && tokens[t + 1] < 3 + stacks));
      if (tokens[t] != 2) continue;
      int depth = 1;
      std::size_t push = t;
      while (depth > 0) {
        REQUIRE(push >= 3);
        push -= 3;
        if (tokens[push + 1] == tokens[t + 1]) depth += tokens[push] == 2 ? 1 : -1;
      }
      targets[t + 1] = tokens[push + 2] - 3 - stacks;
      REQUIRE(tokens[t + 2] == tokens[push + 2]);
    }
    return targets;
  };
}

Ids latest_write(const Ids& tokens) {
  Ids targets = nothing(tokens);
  REQUIRE(tokens.front() == 1);
  REQUIRE(tokens[tokens.size() - 2] == 2);
  for (std::size_t t = 0; t < tokens.size(); t += 2) {
    if (tokens[t] != 2) continue;
    std::size_t write = t;
    while (tokens[write] != 1) write -= 2;
    targets[t] = tokens[write + 1] - 4;
    REQUIRE(tokens[t + 1] == tokens[write + 1]);
  }
  return targets;
}

// One example of copy_string, start and all.
struct Copied {
  Ids ngram, string, answer;
};

Copied read_copied(const Ids& tokens, const std::string& mode, int32_t letters, int64_t ngram) {
  REQUIRE(tokens.front() == letters + 1);
  std::vector<Ids> parts(1);
  for (std::size_t t = 1; t < tokens.size(); ++t)
    if (tokens[t] == letters + 2)
      parts.emplace_back();
    else
      parts.back().push_back(tokens[t]);
  REQUIRE(parts.size() == (mode == "prefix" ? 3 : 2));
  if (mode == "prefix") return {parts[0], parts[1], parts[2]};
  if (mode != "suffix") return {{}, parts[0], parts[1]};
  Ids& last = parts[1];
  return {Ids(last.begin(), last.begin() + ngram), parts[0], Ids(last.begin() + ngram, last.end())};
}

Solve copying(const std::string& mode, int32_t letters, int64_t ngram, std::size_t answer = 0) {
  return [=](const Ids& tokens) {
    const Copied copied = read_copied(tokens, mode, letters, ngram);
    auto from = copied.string.begin();
    if (!copied.ngram.empty()) {
      from = std::search(copied.string.begin(), copied.string.end(), copied.ngram.begin(),
                         copied.ngram.end());
      REQUIRE(from != copied.string.end());
      REQUIRE(std::search(from + 1, copied.string.end(), copied.ngram.begin(),
                          copied.ngram.end()) == copied.string.end());
      from += ngram;
    }
    Ids expected(from, copied.string.end());
    if (answer > 0 && expected.size() > answer) expected.resize(answer);
    REQUIRE(copied.answer == expected);
    Ids targets = nothing(tokens);
    std::size_t t = tokens.size() - 1 - expected.size();
    for (const int32_t id : expected) targets[t++] = id - 1;
    targets[t] = letters;
    return targets;
  };
}

OptionMap copy_options(const std::string& mode, std::map<std::string, int64_t> given) {
  OptionMap options = sizes(given);
  options["mode"] = mode;
  return options;
}

}  // namespace

TEST_CASE("palindrome: the string is asked for backwards", "[tasks][copying]") {
  check_worked_example("palindrome", backwards(10));
  check_drawn_examples("palindrome", sizes({{"length", 8}, {"vocabulary", 9}}), backwards(10));
  check_drawn_examples("palindrome", {}, backwards(65), 20);
  CHECK(at_length("palindrome", {}, 512)->max_length() == 512);
  CHECK_THROWS_WITH(make_task("palindrome")->at_length(7), Contains("found 7, allowed: even"));
}

TEST_CASE("stacks: a pop is answered by what its stack holds on top", "[tasks][copying]") {
  check_worked_example("stacks", stacking(2));
  check_drawn_examples("stacks", sizes({{"length", 12}, {"stacks", 2}, {"elements", 5}}),
                       stacking(2));
  check_drawn_examples("stacks", {}, stacking(64), 50);
  check_drawn_examples("stacks", sizes({{"length", 6}}), stacking(64));
  CHECK(at_length("stacks", {}, 2046)->max_length() == 2046);
  CHECK_THROWS_WITH(make_task("stacks")->at_length(256), Contains("multiples of 3 from 6"));
}

TEST_CASE("stacks: half of the operations are pops, on all stacks that hold something",
          "[tasks][copying]") {
  const auto task = make_task("stacks", sizes({{"length", 600}, {"stacks", 4}}));
  int pops = 0;
  std::map<int32_t, int> stacks;
  for (int i = 0; i < 100; ++i) {
    const Example example = drawn(*task, i);
    for (std::size_t t = 0; t < 600; t += 3) {
      pops += example.tokens[t] == 2;
      if (example.tokens[t] == 2) ++stacks[example.tokens[t + 1]];
    }
  }
  CHECK(pops > 9000);
  CHECK(pops <= 10000);
  CHECK(stacks.size() == 4);
}

TEST_CASE("flip_flop: a read is answered by the bit written last", "[tasks][copying]") {
  check_worked_example("flip_flop", latest_write);
  check_drawn_examples("flip_flop", sizes({{"length", 10}}), latest_write);
  for (const std::string set : {"ordinary", "sparse", "dense"})
    check_drawn_examples("flip_flop", {{"test_set", set}}, latest_write, 20);
  CHECK(at_length("flip_flop", {}, 2048)->max_length() == 2048);
  CHECK_THROWS_WITH(make_task("flip_flop")->at_length(3), Contains("even numbers from 4"));
}

TEST_CASE("flip_flop: the test set says how often instructions are ignored", "[tasks][copying]") {
  const auto ignored = [](const OptionMap& options) {
    const auto task = make_task("flip_flop", options);
    double count = 0;
    for (int i = 0; i < 50; ++i) {
      const Example example = drawn(*task, i);
      for (std::size_t t = 2; t < 510; t += 2) count += example.tokens[t] == 3;
    }
    return count / (50 * 254);
  };
  CHECK(ignored({}) == Approx(.8).margin(.015));
  CHECK(ignored({{"ignore", 0.5}}) == Approx(.5).margin(.02));
  CHECK(ignored({{"test_set", std::string("sparse")}}) == Approx(.98).margin(.006));
  CHECK(ignored({{"test_set", std::string("dense")}}) == Approx(.1).margin(.012));
}

TEST_CASE("copy_string: each mode asks for the string, or what follows the n-gram",
          "[tasks][copying]") {
  for (const std::string mode : {"copy", "prefix", "suffix", "duplicate"}) {
    INFO(mode);
    check_drawn_examples("copy_string", copy_options(mode, {}), copying(mode, 26, 3));
    check_drawn_examples("copy_string", copy_options(mode, {{"answer", 4}}),
                         copying(mode, 26, 3, 4));
    check_drawn_examples(
        "copy_string",
        copy_options(mode, {{"min_length", 4}, {"max_length", 12}, {"letters", 4}, {"ngram", 2}}),
        copying(mode, 4, 2));
  }
}

TEST_CASE("copy_string: the worked examples of its top comment are true", "[tasks][copying]") {
  const Ids inputs = comment_numbers("copy_string", "//   input ");
  const Ids targets = comment_numbers("copy_string", "//   target ");
  REQUIRE(inputs.size() == 20);  // ten tokens each
  const auto half = [](const Ids& both, int which) {
    return Ids(both.begin() + 10 * which, both.begin() + 10 * (which + 1));
  };
  CHECK(copying("copy", 4, 2)(half(inputs, 0)) == half(targets, 0));
  CHECK(copying("prefix", 4, 2)(half(inputs, 1)) == half(targets, 1));
  const auto task = make_task(
      "copy_string",
      copy_options("prefix", {{"min_length", 4}, {"max_length", 4}, {"letters", 4}, {"ngram", 2}}));
  CHECK(task->show({half(inputs, 1), half(targets, 1)}) == "$ab|dabc|c.\n");
}

TEST_CASE("copy_string: a duplicate has an n-gram twice, far more often than by chance",
          "[tasks][copying]") {
  const auto repeats = [](const std::string& mode) {
    const auto task = make_task("copy_string", copy_options(mode, {}));
    int count = 0;
    for (int i = 0; i < 100; ++i) {
      const Ids string = read_copied(drawn(*task, i).tokens, mode, 26, 3).string;
      std::set<Ids> ngrams;
      bool repeated = false;
      for (std::size_t at = 0; at + 3 <= string.size(); ++at)
        repeated |= !ngrams.insert(Ids(string.begin() + at, string.begin() + at + 3)).second;
      count += repeated;
    }
    return count;
  };
  CHECK(repeats("duplicate") == 100);
  CHECK(repeats("copy") < 20);
}

TEST_CASE("copy_string: a context is filled by whole strings and the start of one more",
          "[tasks][copying]") {
  OptionMap options = copy_options("copy", {{"context", 220}});
  const auto task = make_task("copy_string", options);
  CHECK(task->max_length() == 220);
  for (int i = 0; i < 50; ++i) {
    const Example example = drawn(*task, i);
    REQUIRE(example.tokens.size() == 220);
    std::vector<std::size_t> starts;
    for (std::size_t t = 0; t < 220; ++t)
      if (example.tokens[t] == 27) starts.push_back(t);
    REQUIRE(starts.size() >= 3);
    for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
      const auto part = [&](const Ids& ids) {
        return Ids(ids.begin() + starts[s], ids.begin() + starts[s + 1]);
      };
      REQUIRE(copying("copy", 26, 3)(part(example.tokens)) == part(example.targets));
    }
  }
  options["context"] = int64_t{100};
  CHECK_THROWS_WITH(make_task("copy_string", options),
                    Contains("context: found 100, allowed: 0, or at least 102"));
}

TEST_CASE("copy_string: at a length strings have so many letters, one an example",
          "[tasks][copying]") {
  const auto longer = at_length("copy_string", copy_options("copy", {{"context", 220}}), 100);
  CHECK(drawn(*longer, 0).tokens.size() == 202);
  CHECK_THROWS_WITH(make_task("copy_string", copy_options("duplicate", {}))->at_length(5),
                    Contains("found length 5, allowed: at least 6"));
  CHECK_THROWS_WITH(make_task("copy_string", copy_options("suffix", {{"letters", 2}})),
                    Contains("ngram: found 3"));
}

TEST_CASE("copying tasks: the shallow baselines score what their rules say", "[tasks][copying]") {
  CHECK(measure_baselines(*make_task("flip_flop"), 300).shallow == Approx(.6).margin(.02));
  CHECK(measure_baselines(*make_task("palindrome"), 300).shallow < .06);
}
