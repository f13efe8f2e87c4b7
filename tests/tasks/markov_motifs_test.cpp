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

Example draw(const Task& task, int i) {
  Rng rng(5, "markov", i);
  return task.draw(rng);
}

using Pair = std::pair<int32_t, int32_t>;

}  // namespace

TEST_CASE(
    "markov_motifs: a pair has at most the set number of successors, the same in every sample",
    "[tasks][markov]") {
  const auto task = make_task("markov_motifs", {{"motifs", int64_t{0}},
                                                {"vocabulary", int64_t{12}},
                                                {"successors", int64_t{3}},
                                                {"length", int64_t{30}}});
  std::map<Pair, std::map<int32_t, int>> seen;
  for (int i = 0; i < 2000; ++i) {
    const Example example = draw(*task, i);
    for (std::size_t t = 1; t < example.tokens.size(); ++t)
      ++seen[{example.tokens[t - 1], example.tokens[t]}][example.targets[t]];
  }
  double largest = 0;  // share of a pair's successors, summed over pairs
  int pairs = 0;
  for (const auto& [pair, successors] : seen) {
    CHECK(successors.size() <= 3);
    int most = 0, total = 0;
    for (const auto& [symbol, count] : successors) {
      most = std::max(most, count);
      total += count;
    }
    if (total < 30) continue;
    largest += static_cast<double>(most) / total;
    ++pairs;
  }
  REQUIRE(pairs > 80);
  // The largest of three shares of a Dirichlet distribution with 1/2 is 0.70 on average, its
  // deviation below 0.2; an even choice would give 1/3.
  CHECK(largest / pairs == Approx(0.70).margin(0.08));
}

TEST_CASE("markov_motifs: the table depends on source_seed alone", "[tasks][markov]") {
  const auto successors = [](int64_t source_seed) {
    const auto task = make_task("markov_motifs", {{"motifs", int64_t{0}},
                                                  {"vocabulary", int64_t{4}},
                                                  {"successors", int64_t{2}},
                                                  {"length", int64_t{400}},
                                                  {"source_seed", source_seed}});
    std::set<std::pair<Pair, int32_t>> found;
    for (int i = 0; i < 50; ++i) {
      const Example example = draw(*task, 1000 * static_cast<int>(source_seed) + i);
      for (std::size_t t = 1; t < example.tokens.size(); ++t)
        found.insert({{example.tokens[t - 1], example.tokens[t]}, example.targets[t]});
    }
    return found;
  };
  CHECK(successors(1) != successors(2));
}

TEST_CASE("markov_motifs: motifs come again every so many symbols", "[tasks][markov]") {
  // Nothing but motifs: one text of 3 symbols, without a symbol of the source in between.
  const auto only = make_task("markov_motifs", {{"motifs", int64_t{1}},
                                                {"motif_length", int64_t{3}},
                                                {"min_gap", int64_t{3}},
                                                {"max_gap", int64_t{3}},
                                                {"length", int64_t{60}}});
  for (int i = 0; i < 20; ++i) {
    const Example example = draw(*only, i);
    for (std::size_t t = 6; t < example.tokens.size(); ++t)
      REQUIRE(example.tokens[t] == example.tokens[t - 3]);
  }

  // With the default gaps, runs of 8 symbols occur again once in 18 symbols.
  // With as many successors as symbols, nothing else of this length does.
  const auto task =
      make_task("markov_motifs", {{"length", int64_t{600}}, {"successors", int64_t{48}}});
  int repeated = 0, windows = 0;
  for (int i = 0; i < 20; ++i) {
    const auto tokens = draw(*task, i).tokens;
    std::map<std::vector<int32_t>, int> runs;
    for (auto at = tokens.begin(); at + 8 <= tokens.end(); ++at) ++runs[{at, at + 8}];
    for (const auto& [run, count] : runs)
      if (count > 5) repeated += count;
    windows += 600;
  }
  // One run a motif of mean distance 18, unless a motif was inserted fewer than 6 times.
  CHECK(repeated / static_cast<double>(windows) == Approx(1 / 18.0).margin(.012));
}

TEST_CASE("markov_motifs: a repeated test set is a text of `period` symbols again and again",
          "[tasks][markov]") {
  const OptionMap repeated = {{"test_set", std::string("repeated")}, {"period", int64_t{30}}};
  OptionMap options = repeated;
  options["length"] = int64_t{100};
  const auto task = make_task("markov_motifs", options);
  for (int i = 0; i < 20; ++i) {
    const Example example = draw(*task, i);
    REQUIRE(example.tokens.size() == 100);
    for (int t = 0; t < 100; ++t) {
      if (t >= 30) REQUIRE(example.tokens[t] == example.tokens[t - 30]);
      if (t < 99) REQUIRE(example.targets[t] == example.tokens[t + 1] - 1);
    }
    REQUIRE(example.targets[99] == example.tokens[100 - 30] - 1);
    REQUIRE(std::set<int32_t>(example.tokens.begin(), example.tokens.end()).size() > 10);
  }
  // Shorter than the period: an ordinary text.
  options["length"] = int64_t{20};
  OptionMap ordinary = {{"length", int64_t{20}}};
  CHECK(draw(*make_task("markov_motifs", options), 1).tokens ==
        draw(*make_task("markov_motifs", ordinary), 1).tokens);
}

TEST_CASE("markov_motifs: the symbol before tells little of an order-2 source", "[tasks][markov]") {
  const Baselines found = measure_baselines(*make_task("markov_motifs"), 500);
  CHECK(found.chance == Approx(1 / 48.0));
  CHECK(found.shallow > 0.03);
  CHECK(found.shallow < 0.10);
}
