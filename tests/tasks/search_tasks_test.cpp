// needle, set_disjointness and automata.

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

// Where the needle of the key that is asked for starts. All marks but the last are needles, and no
// key comes twice.
std::size_t asked_needle(const Ids& tokens) {
  std::set<int32_t> keys;
  std::size_t place = 0;
  for (std::size_t t = 0; t + 2 < tokens.size(); ++t) {
    if (tokens[t] != 1) continue;
    REQUIRE(keys.insert(tokens[t + 1]).second);
    if (tokens[t + 1] == tokens.back()) place = t;
  }
  REQUIRE(tokens[tokens.size() - 2] == 1);
  REQUIRE(keys.count(tokens.back()) == 1);
  return place;
}

Solve finding(int32_t keys, int32_t values) {
  return [=](const Ids& tokens) {
    Ids targets = nothing(tokens);
    const int32_t value = tokens[asked_needle(tokens) + 2] - 2 - keys;
    REQUIRE((value >= 0 && value < values));
    targets.back() = value;
    return targets;
  };
}

OptionMap with_set(const std::string& test_set) { return {{"test_set", test_set}}; }

// The sets of the last reading; all readings are the same.
std::pair<Ids, Ids> read_sets(const Ids& tokens, int32_t separator, int64_t reads) {
  std::vector<Ids> sets(1);
  for (const int32_t id : tokens)
    if (id == separator)
      sets.emplace_back();
    else
      sets.back().push_back(id);
  REQUIRE(static_cast<int64_t>(sets.size()) == 2 * reads);
  for (std::size_t i = 2; i < sets.size(); ++i) REQUIRE(sets[i] == sets[i - 2]);
  return {sets[0], sets[1]};
}

Solve intersecting(int32_t elements, int64_t reads) {
  return [=](const Ids& tokens) -> Ids {
    auto [first, second] = read_sets(tokens, elements + 1, reads);
    std::sort(first.begin(), first.end());
    std::sort(second.begin(), second.end());
    REQUIRE(std::set<int32_t>(first.begin(), first.end()).size() == first.size());
    REQUIRE(std::set<int32_t>(second.begin(), second.end()).size() == second.size());
    Ids both;
    std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                          std::back_inserter(both));
    REQUIRE(both.size() == 1);
    return {both[0] - 1};
  };
}

// What follows each beginning of a word in an example, the end of a word aside.
std::map<Ids, std::set<int32_t>> followers(const Example& example, int32_t separator) {
  std::map<Ids, std::set<int32_t>> followers;
  Ids beginning;
  for (const int32_t id : example.tokens) {
    if (id == separator) {
      beginning.clear();
      continue;
    }
    followers[beginning].insert(id);
    beginning.push_back(id);
  }
  return followers;
}

// Every automaton of two states over two of three symbols, by brute force: does one of them allow
// all words of the example, and have one symbol alone wherever a target is scored, if only those
// are?
bool some_automaton_fits(const Example& example, bool forced) {
  for (int code = 0; code < 81; ++code)
    for (int32_t left_out = 1; left_out <= 3; ++left_out) {
      int next[2][4] = {{-1, -1, -1, -1}, {-1, -1, -1, -1}};  // [state][id]
      int rest = code, edges[2] = {0, 0};
      for (auto& state : next)
        for (int32_t id = 1; id <= 3; ++id) {
          if (id == left_out) continue;
          state[id] = rest % 3 - 1;
          edges[&state - next] += state[id] >= 0;
          rest /= 3;
        }
      bool fits = edges[0] == 1 && edges[1] == 1;  // 1 .. all symbols but one
      int state = 0;
      for (std::size_t t = 0; fits && t < example.tokens.size(); ++t) {
        const int32_t id = example.tokens[t];
        state = id == 4 ? 0 : next[state][id];
        fits = state >= 0;
        if (!fits || !forced || example.targets[t] == kIgnore) continue;
        fits = example.targets[t] < 3 && next[state][example.targets[t] + 1] >= 0;
      }
      if (fits) return true;
    }
  return false;
}

}  // namespace

TEST_CASE("needle: the value is that of the key asked for", "[tasks][search]") {
  check_worked_example("needle", finding(4, 4));
  check_drawn_examples(
      "needle", sizes({{"length", 16}, {"needles", 2}, {"keys", 4}, {"values", 4}, {"words", 9}}),
      finding(4, 4));
  check_drawn_examples("needle", {}, finding(64, 64));
  check_drawn_examples("needle", sizes({{"length", 14}}), finding(64, 64));
  CHECK(measure_baselines(*make_task("needle"), 1000).shallow == Approx(.25).margin(.06));
  CHECK(measure_baselines(*make_task("needle", sizes({{"needles", 1}})), 300).shallow < .1);
}

TEST_CASE("needle: a test set says how deep the needle lies, at any length", "[tasks][search]") {
  for (const int64_t depth : {0, 25, 50, 75, 100}) {
    const OptionMap options = with_set("depth_" + std::to_string(depth));
    check_drawn_examples("needle", options, finding(64, 64), 20);
    for (const int64_t length : {64, 1024}) {
      const auto task = at_length("needle", options, length);
      const double last = static_cast<double>((length - 2) / 3 - 1);
      for (int i = 0; i < 20; ++i) {
        const double place = static_cast<double>(asked_needle(drawn(*task, i).tokens)) / 3;
        CHECK(std::abs(place / last - static_cast<double>(depth) / 100) < .03);
      }
    }
  }
  std::set<std::size_t> places;
  const auto task = make_task("needle", sizes({{"length", 32}}));
  for (int i = 0; i < 500; ++i) places.insert(asked_needle(drawn(*task, i).tokens));
  CHECK(places.size() == 10);
}

TEST_CASE("needle: lengths and numbers that cannot be are refused", "[tasks][search]") {
  CHECK_THROWS_WITH(make_task("needle")->at_length(13), Contains("found 13, allowed: at least 14"));
  CHECK_THROWS_WITH(make_task("needle", sizes({{"needles", 65}})),
                    Contains("needles: found 65, allowed: at most 64"));
  CHECK_THROWS_WITH(make_task("needle", with_set("depth_10")), Contains("depth_0 | depth_25"));
}

TEST_CASE("set_disjointness: the two sets share the answer alone", "[tasks][search]") {
  check_worked_example("set_disjointness", intersecting(12, 1));
  check_drawn_examples("set_disjointness", sizes({{"small", 2}, {"large", 4}, {"elements", 12}}),
                       intersecting(12, 1));
  check_drawn_examples("set_disjointness", {}, intersecting(256, 1));
  check_drawn_examples("set_disjointness", sizes({{"reads", 2}}), intersecting(256, 2));
  CHECK(measure_baselines(*make_task("set_disjointness"), 1000).shallow == Approx(.25).margin(.06));
}

TEST_CASE("set_disjointness: a test set says which set comes first", "[tasks][search]") {
  const auto small_first = [](const std::string& set) {
    const auto task = make_task("set_disjointness", with_set(set));
    int count = 0;
    for (int i = 0; i < 200; ++i)
      count += read_sets(drawn(*task, i).tokens, 257, 1).first.size() == 4;
    return count;
  };
  CHECK(small_first("small_first") == 200);
  CHECK(small_first("large_first") == 0);
  CHECK(std::abs(small_first("ordinary") - 100) < 29);
}

TEST_CASE("set_disjointness: at a length the large set grows", "[tasks][search]") {
  CHECK(at_length("set_disjointness", {}, 128)->max_length() == 128);
  CHECK(at_length("set_disjointness", sizes({{"reads", 2}}), 255)->max_length() == 255);
  CHECK_THROWS_WITH(make_task("set_disjointness")->at_length(300), Contains("allowed: 10 .. 258"));
  CHECK_THROWS_WITH(make_task("set_disjointness")->at_length(9), Contains("allowed: 10 .. 258"));
}

TEST_CASE("automata: the worked example says the next token, or where it is the only one",
          "[tasks][search]") {
  const Ids tokens = comment_numbers("automata", "//   input ");
  const Ids ordinary = comment_numbers("automata", "//   ordinary ");
  const Ids forced = comment_numbers("automata", "//   forced ");
  REQUIRE(tokens.size() == 11);
  for (std::size_t t = 0; t + 1 < tokens.size(); ++t) CHECK(ordinary[t] == tokens[t + 1] - 1);
  for (std::size_t t = 0; t < tokens.size(); ++t)
    CHECK(forced[t] == (ordinary[t] == 4 ? kIgnore : ordinary[t]));
}

TEST_CASE("automata: one automaton explains all words of an example", "[tasks][search]") {
  for (const bool forced : {false, true}) {
    OptionMap options = with_set(forced ? "forced" : "ordinary");
    options["symbols"] = int64_t{3};
    options["states"] = int64_t{2};
    options["length"] = int64_t{60};
    options["word_length"] = int64_t{6};
    const auto task = make_task("automata", options);
    for (int i = 0; i < 100; ++i) {
      const Example example = drawn(*task, i);
      INFO(task->show(example));
      REQUIRE(some_automaton_fits(example, forced));
    }
  }
}

TEST_CASE("automata: a word's beginning is followed by few symbols, by one where it is forced",
          "[tasks][search]") {
  for (const std::string set : {"ordinary", "forced"}) {
    const auto task = make_task("automata", with_set(set));
    std::size_t widest = 0;
    int64_t scored = 0;
    for (int i = 0; i < 50; ++i) {
      const Example example = drawn(*task, i);
      const auto follow = followers(example, 19);
      std::set<int32_t> symbols;
      for (const auto& [beginning, next] : follow) {
        widest = std::max(widest, next.size());
        symbols.insert(next.begin(), next.end());
      }
      CHECK(symbols.size() <= 9);
      Ids beginning;
      for (std::size_t t = 0; t < example.tokens.size(); ++t) {
        if (example.tokens[t] == 19)
          beginning.clear();
        else
          beginning.push_back(example.tokens[t]);
        scored += example.targets[t] != kIgnore;
        if (t + 1 == example.tokens.size()) break;
        if (example.targets[t] != kIgnore) CHECK(example.targets[t] == example.tokens[t + 1] - 1);
        if (set == "forced" && example.targets[t] != kIgnore)
          CHECK(follow.at(beginning).size() == 1);
      }
    }
    CHECK(widest == 4);
    if (set == "ordinary") CHECK(scored == 50 * 512);
    if (set == "forced") CHECK((scored > 1000 && scored < 50 * 400));
  }
}

TEST_CASE("automata: any length, and no more states than symbols", "[tasks][search]") {
  CHECK(at_length("automata", {}, 2000)->max_length() == 2000);
  CHECK_THROWS_WITH(make_task("automata", sizes({{"symbols", 8}})),
                    Contains("states: found 9, allowed: at most 8"));
}
