// The rules of the recall and copying tasks once more: from the tokens alone, what is to be
// answered and where. The worked examples of the tasks' top comments and drawn examples must agree.

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"
#include "tests/helpers/worked_example.h"

using namespace longhaul;

namespace {

using Ids = std::vector<int32_t>;
using Solve = std::function<Ids(const Ids&)>;

struct TokenRule {
  const char* task;
  OptionMap options;
  Solve solve;
  int64_t other_length;  // that the rule also holds at
  int64_t bad_length;
};

Ids nothing(const Ids& tokens) { return Ids(tokens.size(), kIgnore); }

// Reads runs of key symbols (1 .. keys), each followed by a run of value symbols (up to `last`).
Solve recall(int keys, int last, bool runs) {
  return [=](const Ids& tokens) {
    const auto is_key = [&](std::size_t t) { return t < tokens.size() && tokens[t] <= keys; };
    const auto is_value = [&](std::size_t t) {
      return t < tokens.size() && tokens[t] > keys && tokens[t] <= last;
    };
    Ids targets = nothing(tokens);
    std::map<Ids, Ids> known;
    for (std::size_t t = 0; t < tokens.size();) {
      if (!is_key(t)) {
        ++t;
        continue;
      }
      Ids key, value;
      do key.push_back(tokens[t++]);
      while (runs && is_key(t));
      const std::size_t first = t;
      do value.push_back(tokens[t++]);
      while (runs && is_value(t));
      REQUIRE(is_value(first));
      if (known.count(key)) {
        REQUIRE(known[key] == value);
        for (std::size_t i = first; i < t; ++i) targets[i - 1] = tokens[i] - 1 - keys;
      }
      known[key] = value;
    }
    return targets;
  };
}

// The symbols low .. high among the tokens are asked for in order, from the first `cue` on.
Solve copying(int low, int high, int cue, int skipped) {
  return [=](const Ids& tokens) {
    Ids targets = nothing(tokens), seen;
    for (int32_t id : tokens)
      if (id >= low && id <= high) seen.push_back(id - low);
    const auto at = std::find(tokens.begin(), tokens.end(), cue) - tokens.begin() + skipped;
    REQUIRE(at + seen.size() == tokens.size());
    std::copy(seen.begin(), seen.end(), targets.begin() + at);
    return targets;
  };
}

Ids memorized(const Ids& tokens) {
  const Ids value = {0, 1, 3, 2};  // of keys 1, 2, 3, 4
  Ids targets = nothing(tokens);
  for (std::size_t t = 1; t < tokens.size(); t += 2) {
    REQUIRE(tokens[t] == 9);
    targets[t] = value.at(tokens[t - 1] - 1);
  }
  return targets;
}

Ids delayed(const Ids& tokens) {
  Ids targets = nothing(tokens);
  std::transform(tokens.begin(), tokens.end() - 3, targets.begin() + 3,
                 [](int32_t id) { return id - 1; });
  return targets;
}

Ids induction(const Ids& tokens) {
  Ids targets = nothing(tokens);
  REQUIRE(std::count(tokens.begin(), tokens.end(), 6) == 2);
  REQUIRE(tokens.back() == 6);
  targets.back() = *(std::find(tokens.begin(), tokens.end(), 6) + 1) - 1;
  return targets;
}

Ids next_token(const Ids& tokens) {  // all but the last can be told
  Ids targets(tokens.begin() + 1, tokens.end());
  for (int32_t& target : targets) --target;
  return targets;
}

// With the options of the worked examples.
std::vector<TokenRule> rules() {
  OptionMap noisy = sizes({{"length", 12}, {"vocabulary", 10}, {"noise_vocabulary", 4}});
  OptionMap fuzzy =
      sizes({{"length", 20}, {"vocabulary", 9}, {"key_length", 2}, {"value_length", 2}});
  const OptionMap three = sizes({{"length", 12}, {"vocabulary", 6}, {"tokens", 3}});
  return {
      {"in_context_recall", sizes({{"length", 12}, {"vocabulary", 8}}), recall(4, 8, false), 50, 7},
      {"noisy_recall", noisy, recall(3, 6, false), 40, 3},
      {"fuzzy_recall", fuzzy, recall(4, 8, true), 61, 7},
      {"memorization", sizes({{"length", 8}, {"vocabulary", 9}}), memorized, 26, 9},
      {"compression", sizes({{"length", 10}, {"vocabulary", 6}}), copying(1, 5, 6, 0), 34, 35},
      {"selective_copying", three, copying(1, 4, 6, 1), 45, 6},
      {"copy", three, copying(2, 5, 6, 0), 45, 5},
      {"selective_copy", three, copying(2, 5, 6, 0), 45, 5},
      {"delayed_copy", sizes({{"length", 8}, {"symbols", 4}, {"lag", 3}}), delayed, 21, 3},
      {"induction_heads", sizes({{"length", 10}, {"vocabulary", 6}}), induction, 77, 2},
      {"markov_motifs",
       sizes({{"length", 11},
              {"vocabulary", 9},
              {"motif_length", 3},
              {"min_gap", 4},
              {"max_gap", 5}}),
       next_token, 90, 0},
  };
}

void check(const TokenRule& rule, const Ids& tokens, Ids targets, int64_t length) {
  REQUIRE(tokens.size() == length);
  REQUIRE(targets.size() == length);
  const Ids solved = rule.solve(tokens);
  targets.resize(solved.size());
  CHECK(targets == solved);
}

}  // namespace

TEST_CASE("memory tasks: the worked examples of their top comments are true", "[tasks][memory]") {
  const auto rule = GENERATE(from_range(rules()));
  INFO(rule.task);
  check(rule, comment_numbers(rule.task, "//   input "), comment_numbers(rule.task, "//   target "),
        std::get<int64_t>(rule.options.at("length")));
}

TEST_CASE("memory tasks: drawn examples answer what their tokens say", "[tasks][memory]") {
  const auto rule = GENERATE(from_range(rules()));
  INFO(rule.task);
  const auto task = make_task(rule.task, rule.options);
  for (int i = 0; i < 300; ++i) {
    Rng rng(1, "memory", i);
    const Example example = task->draw(rng);
    check(rule, example.tokens, example.targets, task->max_length());
  }
}

TEST_CASE("memory tasks: any length that makes sense, with the same ids", "[tasks][memory]") {
  const auto rule = GENERATE(from_range(rules()));
  INFO(rule.task);
  const auto task = make_task(rule.task, rule.options);
  OptionMap options = rule.options;
  for (const auto& [name, value] : task->at_length(rule.other_length)) options[name] = value;
  const auto longer = make_task(rule.task, options);
  CHECK(longer->max_length() == rule.other_length);
  CHECK(longer->vocab() == task->vocab());
  CHECK(longer->classes() == task->classes());
  for (int i = 0; i < 20; ++i) {
    Rng rng(2, "memory", i);
    const Example example = longer->draw(rng);
    check(rule, example.tokens, example.targets, rule.other_length);
  }
  CHECK_THROWS_WITH(task->at_length(rule.bad_length),
                    Catch::Matchers::Contains("found " + std::to_string(rule.bad_length)));
}

TEST_CASE("memory tasks: examples are shown in aligned lines", "[tasks][memory]") {
  const auto rule = GENERATE(from_range(rules()));
  INFO(rule.task);
  const Example example{comment_numbers(rule.task, "//   input "),
                        comment_numbers(rule.task, "//   target ")};
  std::istringstream shown(make_task(rule.task, rule.options)->show(example));
  std::string input, target, word;
  REQUIRE(std::getline(shown, input));
  REQUIRE(std::getline(shown, target));
  CHECK(input.size() == target.size());
  std::istringstream words(target);
  std::size_t answered = 0;
  for (words >> word; words >> word;) answered += word != ".";
  CHECK(answered == example.targets.size() -
                        std::count(example.targets.begin(), example.targets.end(), kIgnore));
}
