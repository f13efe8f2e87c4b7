// How the recall and copying tasks draw: shares against those of their rules, with four deviations
// of room, and what their shallow baselines score.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/data/baselines.h"
#include "longhaul/error.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/make_task.h"

using namespace longhaul;

namespace {

Example draw_numbered(const Task& task, int i) {
  Rng rng(3, "memory statistics", i);
  return task.draw(rng);
}

bool is_share(double count, double n, double p) {
  return std::abs(count / n - p) <= 4 * std::sqrt(p * (1 - p) / n);
}

}  // namespace

TEST_CASE("in_context_recall: keys are even, and an example's last key was seen before",
          "[tasks][memory]") {
  const auto task = make_task("in_context_recall", sizes({{"length", 10}, {"vocabulary", 9}}));
  const int n = 3000;
  std::map<int32_t, int> keys;
  std::map<int32_t, int> values;
  for (int i = 0; i < n; ++i) {
    const Example example = draw_numbered(*task, i);
    ++keys[example.tokens[0]];
    ++values[example.tokens[1]];
    REQUIRE(example.targets[8] != kIgnore);
  }
  REQUIRE(keys.size() == 4);
  REQUIRE(values.size() == 5);
  for (const auto& [key, count] : keys) CHECK(is_share(count, n, 1 / 4.0));
  for (const auto& [value, count] : values) CHECK(is_share(count, n, 1 / 5.0));
}

TEST_CASE("noisy_recall: the set share of pairs is noise, but never all of them",
          "[tasks][memory]") {
  OptionMap options = sizes({{"length", 12}, {"vocabulary", 10}, {"noise_vocabulary", 4}});
  options["noise"] = 0.6;
  const auto task = make_task("noisy_recall", options);
  const int n = 3000;
  int noise = 0;
  for (int i = 0; i < n; ++i) {
    const Example example = draw_numbered(*task, i);
    int here = 0;
    for (int pair = 0; pair < 6; ++pair) {
      const bool first = example.tokens[2 * pair] > 6, second = example.tokens[2 * pair + 1] > 6;
      REQUIRE(first == second);
      here += first;
    }
    REQUIRE(here <= 4);  // of 6: the last is asked for, one other has to be there
    noise += here;
  }
  CHECK(is_share(noise, 4.0 * n, 0.6));
}

TEST_CASE("fuzzy_recall: keys of every length are equally frequent, or all are the longest",
          "[tasks][memory]") {
  OptionMap options = sizes({{"length", 40}, {"vocabulary", 60}});
  for (const std::string keys : {"mixed", "longest"}) {
    options["keys"] = keys;
    const auto task = make_task("fuzzy_recall", options);
    const int n = 3000;
    std::map<std::size_t, int> lengths;
    for (int i = 0; i < n; ++i) {
      const Example example = draw_numbered(*task, i);
      auto first = std::find_if(example.tokens.begin(), example.tokens.end(),
                                [](int32_t id) { return id != 60; });
      const auto end =
          std::find_if(first, example.tokens.end(), [](int32_t id) { return id > 29; });
      ++lengths[end - first];
      REQUIRE(std::set<int32_t>(first, end).size() == end - first);
    }
    if (keys == "longest") CHECK(lengths == std::map<std::size_t, int>{{3, n}});
    if (keys == "mixed") REQUIRE(lengths.size() == 3);
    for (const auto& [length, count] : lengths)
      if (keys == "mixed") CHECK(is_share(count, n, 1 / 3.0));
  }
}

TEST_CASE("memorization: the table has a value of its own for each key; map_seed names it",
          "[tasks][memory]") {
  std::map<int64_t, std::map<int32_t, int32_t>> tables;
  for (int64_t seed : {12345, 1}) {
    const auto task = make_task("memorization", sizes({{"map_seed", seed}}));
    std::map<int32_t, int32_t>& table = tables[seed];
    for (int i = 0; i < 200; ++i) {
      const Example example = draw_numbered(*task, i);
      for (int64_t t = 1; t < example.tokens.size(); t += 2)
        REQUIRE(table.try_emplace(example.tokens[t - 1], example.targets[t]).first->second ==
                example.targets[t]);
    }
    std::set<int32_t> values;
    for (const auto& [key, value] : table) values.insert(value);
    CHECK(table.size() == 127);
    CHECK(values.size() == 127);
    CHECK(*values.rbegin() < task->classes());
  }
  CHECK(tables[12345] != tables[1]);
}

TEST_CASE("selective_copying: blanks fall evenly into all gaps, the last one too",
          "[tasks][memory]") {
  const auto task =
      make_task("selective_copying", sizes({{"length", 14}, {"vocabulary", 6}, {"tokens", 3}}));
  const int n = 2000;
  int gaps[4] = {};
  for (int i = 0; i < n; ++i) {
    const Example example = draw_numbered(*task, i);
    int gap = 0;
    for (int t = 0; t < 10; ++t) example.tokens[t] == 5 ? ++gaps[gap] : ++gap;
    REQUIRE(gap == 3);
    REQUIRE(example.tokens[10] == 6);
  }
  for (int count : gaps) CHECK(is_share(count, 7.0 * n, 1 / 4.0));
}

TEST_CASE("selective_copy: symbols stand at every place equally often", "[tasks][memory]") {
  const auto task =
      make_task("selective_copy", sizes({{"length", 14}, {"vocabulary", 6}, {"tokens", 3}}));
  const int n = 4000;
  std::map<std::vector<int>, int> choices;
  for (int i = 0; i < n; ++i) {
    const Example example = draw_numbered(*task, i);
    std::vector<int> places;
    for (int t = 0; t < 11; ++t)
      if (example.tokens[t] != 1) places.push_back(t);
    REQUIRE(places.size() == 3);
    ++choices[places];
  }
  int first[11] = {};
  for (const auto& [places, count] : choices)
    for (int place : places) first[place] += count;
  for (int count : first) CHECK(is_share(count, n, 3 / 11.0));
  CHECK(choices.size() == 165);  // all of them; one is missed with probability 165 exp(-24)
}

TEST_CASE("induction_heads: the special symbol stands anywhere before the end", "[tasks][memory]") {
  const auto task = make_task("induction_heads", sizes({{"length", 8}, {"vocabulary", 6}}));
  const int n = 3000;
  std::map<int64_t, int> places;
  for (int i = 0; i < n; ++i) {
    const Example example = draw_numbered(*task, i);
    ++places[std::find(example.tokens.begin(), example.tokens.end(), 6) - example.tokens.begin()];
  }
  REQUIRE(places.size() == 6);
  for (const auto& [place, count] : places) CHECK(is_share(count, n, 1 / 6.0));
}

TEST_CASE("memory tasks: what their shallow baselines score", "[tasks][memory]") {
  struct Row {
    const char* task;
    OptionMap options;
    double shallow;  // of a program of its own in another language, 2000 to 20000 examples
    double margin;
  };
  const Row rows[] = {
      {"in_context_recall", {}, .317, .015},
      {"noisy_recall", {}, .321, .015},
      {"selective_copying", {}, .204, .01},
      {"compression", {}, .158, .01},
      {"copy", {}, .301, .015},
      {"selective_copy", sizes({{"length", 100}}), .204, .01},
      {"induction_heads", sizes({{"length", 64}}), .133, .035},
      {"delayed_copy", sizes({{"length", 40}, {"lag", 10}}), 1 / 8.0, .01},
      {"memorization", {}, 1 / 127.0, .004},
      {"adding_problem", sizes({{"length", 20}}), 1 / 10.0, .03},
  };
  for (const Row& row : rows) {
    INFO(row.task);
    const Baselines found = measure_baselines(*make_task(row.task, row.options), 1000);
    CHECK(found.shallow == Approx(row.shallow).margin(row.margin));
    CHECK(found.shallow >= found.chance - row.margin);
  }
}

TEST_CASE("memory tasks: options that cannot go together are named", "[tasks][memory]") {
  struct Row {
    const char* task;
    OptionMap options;
    const char* message;
  };
  const Row rows[] = {
      {"in_context_recall", sizes({{"length", 13}}), "length: found 13, allowed: even numbers"},
      {"noisy_recall", sizes({{"length", 13}}), "length: found 13, allowed: even numbers"},
      {"noisy_recall", sizes({{"noise_vocabulary", 29}}),
       "noise_vocabulary: found 29, allowed: at most 28 (vocabulary 32"},
      {"fuzzy_recall", sizes({{"length", 11}}), "length: found 11, allowed: at least 12"},
      {"fuzzy_recall", sizes({{"vocabulary", 6}}),
       "key_length: found 3, allowed: at most 2 (the key symbols of vocabulary 6)"},
      {"fuzzy_recall", sizes({{"value_length", 9}}),
       "value_length: found 9, allowed: at most 8 (the value symbols of vocabulary 16)"},
      {"memorization", sizes({{"length", 5}}), "length: found 5, allowed: even numbers"},
      {"compression", sizes({{"length", 5}}), "length: found 5, allowed: even numbers"},
      {"selective_copying", sizes({{"tokens", 128}}),
       "length: found 256, allowed: at least 257 (128 symbols, COPY and as many answers)"},
      {"copy", sizes({{"tokens", 61}}), "length: found 120, allowed: at least 122"},
      {"selective_copy", sizes({{"length", 31}}), "length: found 31, allowed: at least 32"},
      {"delayed_copy", sizes({{"lag", 4000}}),
       "length: found 4000, allowed: more than the lag of 4000"},
      {"markov_motifs", sizes({{"successors", 49}}), "successors: found 49, allowed: at most 48"},
      {"markov_motifs", sizes({{"min_gap", 7}}), "min_gap: found 7, allowed: at least 8"},
      {"markov_motifs", sizes({{"max_gap", 11}}), "max_gap: found 11, allowed: at least 12"},
  };
  for (const Row& row : rows)
    CHECK_THROWS_WITH(make_task(row.task, row.options), Catch::Matchers::Contains(row.message));
}
