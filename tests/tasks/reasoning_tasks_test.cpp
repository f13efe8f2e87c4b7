// The tasks of "Physics of Language Models: Part 4.1": hops, dependencies, modular_prefix, grammar.

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "harness/data/baselines.h"
#include "longhaul/error.h"
#include "longhaul/parts/level_grammar.h"
#include "tests/helpers/catch.h"
#include "tests/tasks/formal_words.h"
#include "tests/tasks/token_rules.h"

using namespace longhaul;
using namespace longhaul::token_rules;
using Catch::Matchers::Contains;

namespace {

// Follows the circle step by step.
Solve hopping(int32_t letters) {
  return [=](const Ids& tokens) {
    const int32_t equals = 2 * letters + 1;
    Ids targets = nothing(tokens);
    std::size_t t = 0;
    const auto word = [&] {
      Ids read;
      do read.push_back(tokens.at(t++));
      while (read.back() <= letters);
      REQUIRE(read.back() < equals);
      return read;
    };
    std::map<Ids, Ids> next;
    while (tokens[t] < equals) {
      const Ids from = word();
      REQUIRE(next.emplace(from, word()).second);
    }
    std::set<Ids> asked;
    while (t < tokens.size()) {
      int32_t steps = tokens[t++] - equals;
      REQUIRE(steps >= 1);
      Ids at = word();
      REQUIRE(asked.insert(at).second);
      REQUIRE(tokens[t++] == equals);
      for (; steps > 0; --steps) at = next.at(at);
      const std::size_t first = t;
      REQUIRE(word() == at);
      for (std::size_t i = first; i < t; ++i) targets[i - 1] = tokens[i] - 1;
    }
    return targets;
  };
}

int64_t steps_of_first_query(const Example& example, int32_t letters) {
  for (const int32_t id : example.tokens)
    if (id > 2 * letters + 1) return id - 2 * letters - 1;
  return 0;
}

// All that a node needs, then again and again the smallest whose needs are met.
Solve depending(int32_t vocabulary) {
  return [=](const Ids& tokens) {
    Ids targets = nothing(tokens);
    std::map<int32_t, std::set<int32_t>> needs;
    std::size_t t = 0;
    for (; tokens[t] != vocabulary + 1; t += 2) {
      REQUIRE(needs[tokens[t + 1]].insert(tokens[t]).second);
      REQUIRE(tokens[t] != tokens[t + 1]);
    }
    std::set<int32_t> open = {tokens[t + 1]};
    for (std::size_t before = 0; before != open.size();) {
      before = open.size();
      for (const int32_t node : std::set<int32_t>(open))
        open.insert(needs[node].begin(), needs[node].end());
    }
    REQUIRE(tokens[t + 2] == vocabulary + 2);
    t += 2;
    std::set<int32_t> listed;
    while (!open.empty()) {
      const auto next = std::find_if(open.begin(), open.end(), [&](int32_t node) {
        return std::includes(listed.begin(), listed.end(), needs[node].begin(), needs[node].end());
      });
      REQUIRE(next != open.end());
      REQUIRE(tokens.at(t + 1) == *next);
      targets[t++] = *next - 1;
      listed.insert(*next);
      open.erase(next);
    }
    targets.at(t) = vocabulary;
    REQUIRE(t + 1 == tokens.size());
    return targets;
  };
}

const std::string kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";

// Reads an expression from the left, operand after operand.
int64_t prefix_value(const std::string& input, std::size_t& at, int64_t modulus) {
  const char symbol = input.at(at++);
  if (kDigits.find(symbol) != std::string::npos) return static_cast<int64_t>(kDigits.find(symbol));
  const int64_t left = prefix_value(input, at, modulus), right = prefix_value(input, at, modulus);
  if (symbol == '*') return left * right % modulus;
  return (symbol == '+' ? left + right : left - right + modulus) % modulus;
}

Rule prefix_rule(int64_t modulus) {
  return [=](const std::string& input) {
    std::size_t at = 0;
    const int64_t value = prefix_value(input, at, modulus);
    CHECK(at == input.size());
    return kDigits.substr(value, 1);
  };
}

// Whether the grammar derives the text, level by level from below: which symbols of a level the
// stretch from i to j can come from.
bool derives(const LevelGrammar& grammar, const Ids& text) {
  using Stretch = std::pair<std::size_t, int32_t>;  // where it ends, its symbol
  std::vector<std::set<Stretch>> from(text.size() + 1);
  for (std::size_t i = 0; i < text.size(); ++i) from[i].emplace(i + 1, text[i]);
  for (auto level = grammar.rules.rbegin(); level != grammar.rules.rend(); ++level) {
    std::vector<std::set<Stretch>> above(text.size() + 1);
    for (std::size_t start = 0; start < text.size(); ++start)
      for (std::size_t symbol = 0; symbol < level->size(); ++symbol)
        for (const auto& string : (*level)[symbol]) {
          std::set<std::size_t> ends = {start};
          for (const int32_t part : string) {
            std::set<std::size_t> further;
            for (const std::size_t end : ends)
              for (const auto& [to, found] : from[end])
                if (found == part) further.insert(to);
            ends = further;
          }
          for (const std::size_t end : ends) above[start].emplace(end, symbol);
        }
    from = above;
  }
  return from[0].count({text.size(), 0}) > 0;
}

}  // namespace

TEST_CASE("hops: each query is answered by the word so many steps on", "[tasks][reasoning]") {
  const OptionMap small = sizes({{"words", 3},
                                 {"hops", 2},
                                 {"queries", 1},
                                 {"letters", 3},
                                 {"min_letters", 1},
                                 {"max_letters", 1}});
  check_worked_example("hops", hopping(3));
  check_drawn_examples("hops", small, hopping(3));
  check_drawn_examples("hops", {}, hopping(50), 30);
  check_drawn_examples(
      "hops",
      sizes({{"words", 75}, {"hops", 16}, {"letters", 3}, {"min_letters", 5}, {"max_letters", 7}}),
      hopping(3), 30);
}

TEST_CASE("hops: a test set has all words and the same number of steps", "[tasks][reasoning]") {
  OptionMap options = sizes({{"words", 20}, {"queries", 20}});
  std::set<int64_t> steps;
  std::map<std::size_t, int> sizes_seen;
  for (int i = 0; i < 300; ++i) {
    const Example example = drawn(*make_task("hops", options), i);
    steps.insert(steps_of_first_query(example, 50));
  }
  CHECK(steps == std::set<int64_t>{1, 2, 3, 4, 5, 6, 7, 8});
  options["test_set"] = std::string("hops_4");
  options["max_letters"] = int64_t{1};
  const auto task = make_task("hops", options);
  for (int i = 0; i < 20; ++i) {
    const Example example = drawn(*task, i);
    CHECK(steps_of_first_query(example, 50) == 4);
    CHECK(example.tokens.size() == task->max_length());
  }
  options["test_set"] = std::string("hops_16");
  CHECK_THROWS_WITH(make_task("hops", options), Contains("found hops_16, allowed: at most hops_8"));
}

TEST_CASE("hops: at a length there are as many words as fit", "[tasks][reasoning]") {
  const auto longer = at_length("hops", {}, 400);
  CHECK(longer->max_length() <= 400);
  CHECK(longer->max_length() > 390);
  CHECK_THROWS_WITH(make_task("hops")->at_length(50),
                    Contains("found length 50, allowed: at least"));
  CHECK_THROWS_WITH(make_task("hops", sizes({{"letters", 2}, {"max_letters", 2}})),
                    Contains("words: found 225, allowed: at most 6"));
}

TEST_CASE("dependencies: the list has all that the node needs, the smallest next one first",
          "[tasks][reasoning]") {
  check_worked_example("dependencies", depending(5));
  check_drawn_examples("dependencies", sizes({{"nodes", 4}, {"vocabulary", 5}}), depending(5));
  check_drawn_examples("dependencies", {}, depending(110));
  check_drawn_examples("dependencies", sizes({{"degree", 1}}), depending(110));
}

TEST_CASE("dependencies: no node needs or serves more than `degree` others", "[tasks][reasoning]") {
  const auto task = make_task("dependencies", sizes({{"degree", 2}}));
  for (int i = 0; i < 100; ++i) {
    std::map<int32_t, int> needs, serves;
    const Example example = drawn(*task, i);
    for (std::size_t t = 0; example.tokens[t] != 111; t += 2) {
      CHECK(++serves[example.tokens[t]] <= 2);
      CHECK(++needs[example.tokens[t + 1]] <= 2);
    }
  }
}

TEST_CASE("dependencies: at a length there are as many nodes as fit", "[tasks][reasoning]") {
  const auto longer = at_length("dependencies", {}, 512);
  CHECK(longer->max_length() <= 512);
  CHECK(longer->max_length() > 500);
  CHECK_THROWS_WITH(make_task("dependencies")->at_length(11), Contains("allowed: at least 12"));
  CHECK_THROWS_WITH(make_task("dependencies", sizes({{"nodes", 30}, {"vocabulary", 20}})),
                    Contains("nodes: found 30, allowed: at most 20"));
}

TEST_CASE("hops and dependencies: small sizes come more often, as their weights say",
          "[tasks][reasoning]") {
  // Of 3 .. 6 with weight 1 / (size + sqrt(6)).
  const auto task = make_task("hops", sizes({{"words", 6}, {"queries", 6}, {"max_letters", 1}}));
  const int n = 4000;
  std::map<std::size_t, int> seen;
  for (int i = 0; i < n; ++i) ++seen[drawn(*task, i).tokens.size() / 6];  // 2 + 4 tokens a word
  double total = 0;
  for (int size = 3; size <= 6; ++size) total += 1 / (size + std::sqrt(6.0));
  CHECK(seen.size() == 4);
  for (int size = 3; size <= 6; ++size) {
    const double p = 1 / (size + std::sqrt(6.0)) / total;
    CHECK(std::abs(seen[size] - n * p) < 4 * std::sqrt(n * p * (1 - p)));
  }
}

TEST_CASE("modular_prefix: the answer is the value, read from the left", "[tasks][reasoning]") {
  check_worked_examples("modular_prefix", 2, prefix_rule(23));
  check_drawn_examples("modular_prefix", {}, 500, prefix_rule(23));
  check_drawn_examples("modular_prefix", {{"modulus", int64_t{36}}}, 200, prefix_rule(36));
}

TEST_CASE("modular_prefix: an even length is cut by one, and all lengths come",
          "[tasks][reasoning]") {
  const auto task = make_task("modular_prefix", sizes({{"max_length", 10}}));
  std::map<std::size_t, int> seen;
  for (int i = 0; i < 1000; ++i) ++seen[drawn(*task, i).tokens.size()];
  CHECK(seen.size() == 4);  // 3, 5, 7, 9
  for (const auto& [length, count] : seen) CHECK(std::abs(count - 250) < 60);
  CHECK(make_task("modular_prefix")->classes() == 23);
}

TEST_CASE("grammar: the worked example shifts its text by one", "[tasks][reasoning]") {
  const Example example = worked_example("grammar");
  REQUIRE(example.tokens.size() == 9);
  for (std::size_t t = 0; t + 1 < 9; ++t) CHECK(example.targets[t] == example.tokens[t + 1] - 1);
  LevelGrammar grammar{{{{{0, 1}}}, {{{0, 1}}, {{1, 1, 0}}}}};
  CHECK(derives(grammar, {0, 1, 1, 1, 0}));
  CHECK_FALSE(derives(grammar, {0, 1, 1, 1}));
  CHECK_FALSE(derives(grammar, {0, 1, 1, 1, 1}));
}

TEST_CASE("grammar: every whole text is one that the grammar derives", "[tasks][reasoning]") {
  for (const LevelGrammar::Size size :
       {LevelGrammar::Size{3, 3, 3, 2, 3}, LevelGrammar::Size{5, 4, 2, 2, 3}}) {
    Rng rng(7, "level grammar");
    const LevelGrammar grammar = LevelGrammar::random(rng, size);
    const auto task = make_task("grammar", sizes({{"levels", size.levels},
                                                  {"symbols", size.symbols},
                                                  {"rules", size.rules},
                                                  {"grammar_seed", 7}}));
    const auto end = static_cast<int32_t>(size.symbols);
    int texts = 0;
    for (int i = 0; i < 20; ++i) {
      const Example example = drawn(*task, i);
      Ids text;
      for (std::size_t t = 0; t < example.tokens.size(); ++t) {
        if (t > 0) REQUIRE(example.tokens[t] - 1 == example.targets[t - 1]);
        if (example.tokens[t] - 1 != end) {
          text.push_back(example.tokens[t] - 1);
          continue;
        }
        REQUIRE(derives(grammar, text));
        if (++texts == 1) {
          text[text.size() / 2] = (text[text.size() / 2] + 1) % end;
          CHECK_FALSE((derives(grammar, text) && size.levels > 4));
        }
        text.clear();
      }
    }
    CHECK(texts > 20);
  }
}

TEST_CASE("grammar: a seed names a grammar, and no string of a level comes twice",
          "[tasks][reasoning]") {
  Rng rng(3, "level grammar");
  const LevelGrammar grammar = LevelGrammar::random(rng, {4, 3, 3, 2, 3});
  REQUIRE(grammar.rules.size() == 4);
  CHECK(grammar.rules[0].size() == 1);
  for (const auto& level : grammar.rules) {
    std::set<Ids> strings;
    std::size_t count = 0;
    for (const auto& of_symbol : level) {
      CHECK(of_symbol.size() == 3);
      strings.insert(of_symbol.begin(), of_symbol.end());
      count += of_symbol.size();
    }
    CHECK(strings.size() == count);
  }
  const auto one = make_task("grammar", sizes({{"grammar_seed", 1}}));
  const auto two = make_task("grammar", sizes({{"grammar_seed", 2}}));
  CHECK(drawn(*one, 0).tokens != drawn(*two, 0).tokens);
  CHECK(at_length("grammar", {}, 1000)->max_length() == 1000);
  CHECK_THROWS_WITH(make_task("grammar", sizes({{"symbols", 2}, {"rules", 7}})),
                    Contains("rules: found 7, allowed: at most 6"));
}
