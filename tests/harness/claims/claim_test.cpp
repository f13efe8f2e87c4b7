
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/builtins.h"
#include "harness/claims/check.h"
#include "harness/claims/claim.h"
#include "harness/claims/claim_schema.h"
#include "harness/claims/numbers.h"
#include "harness/claims/rule.h"
#include "harness/claims/tables.h"
#include "longhaul/error.h"
#include "test_paths.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/fake_registry.h"
#include "tests/helpers/folder.h"
#include "tests/helpers/made_up_claim.h"
#include "tests/helpers/made_up_results.h"
#include "tests/helpers/temporary_file.h"

using namespace longhaul;
using namespace longhaul::made_up;
using Catch::Matchers::Contains;

namespace {

Answer answer(const Claim& claim, const Tables& tables) {
  const auto numbers = take_numbers(claim, tables);
  return answer_of(check(claim.confirmed, numbers), check(claim.refuted, numbers));
}

}  // namespace

TEST_CASE("claim: the rule decides on differences seed by seed", "[claim]") {
  const Claim claim = load(kTexts + kSuite + kNumbers + kRule);
  CHECK(claim.suite->name == "made");
  CHECK(answer(claim, tables_of({0.9, 0.5, 0.7}, {0.7, 0.3, 0.5})) == Answer::confirmed);
  CHECK(answer(claim, tables_of({0.9, 0.5, 0.7}, {0.7, 0.3, 0.65})) == Answer::inconclusive);
  CHECK(answer(claim, tables_of({0.5, 0.5, 0.5}, {0.5, 0.6, 0.5})) == Answer::refuted);
  const auto numbers = take_numbers(claim, tables_of({0.9, 0.5, 0.7}, {0.7, 0.3, 0.5}));
  CHECK(numbers[2].values[1] == Approx(0.2));
  CHECK(numbers[2].what == "a - b");
}

TEST_CASE("claim: a value that is missing decides nothing", "[claim]") {
  const Claim claim = load(kTexts + kSuite + kNumbers + kRule);
  Results results;
  for (uint64_t seed = 0; seed < 3; ++seed)
    for (const char* model : {"copy", "mirror"})
      results.trials.push_back(made_up_trial(model, "coin", seed, 0.5));
  diverge(results.trials[3]);
  const auto numbers = take_numbers(claim, exported_tables(results));
  CHECK(numbers[1].missing == std::vector<std::string>{"1"});
  CHECK(numbers[2].missing == std::vector<std::string>{"1"});
  CHECK_FALSE(check(claim.refuted, numbers)[0].found);
  CHECK_FALSE(check(claim.refuted, numbers)[0].holds);
}

TEST_CASE("claim: a row that is not a number is never passed over", "[claim][not_a_number]") {
  const Tables tables = tables_of({0.5, std::nan(""), 0.5}, {0.4, 0.4, 0.4});
  for (const char* take : {"mean", "smallest", "largest", "first", "last"}) {
    CAPTURE(take);
    const Claim claim =
        load(kTexts + kSuite + "numbers:\n  gap: {task: coin, take: " + take + "}\n" + kRule);
    const ClaimNumber number = take_numbers(claim, tables)[0];
    if (take == std::string("last"))
      CHECK(number.missing.empty());  // mirror's, which is one
    else
      CHECK(number.missing == std::vector<std::string>{"1"});
  }
  const Claim claim = load(kTexts + kSuite + kNumbers + kRule);
  CHECK(answer(claim, tables) == Answer::inconclusive);
}

TEST_CASE("claim: a rule that nothing, or too much, answers to is a mistake in its file",
          "[claim]") {
  const Tables tables = tables_of({0.5, 0.5, 0.5}, {0.4, 0.4, 0.4});
  const auto numbers_of = [&](const std::string& number) {
    return take_numbers(load(kTexts + kSuite + "numbers:\n  gap: " + number + "\n" + kRule),
                        tables);
  };
  CHECK_THROWS_WITH(
      numbers_of("{model: copy, eval_length: 77}"),
      Contains("made.yaml:7: numbers.gap: no row has eval_length 77; found there: 0"));
  CHECK_THROWS_WITH(numbers_of("{task: coin}"),
                    Contains("numbers.gap: 2 rows of seed 0, such as trial"));
  CHECK(numbers_of("{task: coin, take: smallest}")[0].values == std::vector<double>(3, 0.4));
}

TEST_CASE("claim: alternatives hold if one of them does", "[claim]") {
  const Claim claim =
      load(kTexts + kSuite + kNumbers +
           "confirmed:\n  - {number: a, seeds: any, above: 0.8}\n"
           "  - {number: b, seeds: median, below: 0.5}\n"
           "refuted:\n  - any_of: [{number: a, above: 2}, {number: b, above: 0.5}]\n"
           "  - {number: a, above: 0.1}\n");
  CHECK(answer(claim, tables_of({0.9, 0.1, 0.1}, {0.4, 0.4, 0.9})) == Answer::inconclusive);
  CHECK(answer(claim, tables_of({0.9, 0.1, 0.1}, {0.4, 0.4, 0.5})) == Answer::confirmed);
  CHECK(answer(claim, tables_of({0.1, 0.1, 0.2}, {0.6, 0.6, 0.9})) == Answer::refuted);
}

TEST_CASE("claim: all problems of a file come at once, in its order", "[claim]") {
  CHECK(complaint(kTexts + kSuite + kNumbers + kRule).empty());
  const std::string found = complaint(
      "claim: made\nsay: x\nsource: y\npublished: z\n"
      "suite: {seeds: [0], budget: {steps: 5}, models: [copi], tasks: [coin]}\n"
      "numbers:\n"
      "  a: {modle: copy}\n"
      "  b: {task: corn, column: tast_value}\n"
      "  c: {difference: [a]}\n"
      "  d: {ratio: [a, e]}\n"
      "confirmed: [{number: f, at_least: x}]\n"
      "refuted: [{number: a, seeds: all}]\n");
  std::size_t from = 0;
  for (const char* line : {
           "made.yaml:1: says: is missing, such as says: ",
           "made.yaml:2: say: unknown key; did you mean 'says'?",
           "made.yaml:5: models.copi: no model 'copi'; did you mean 'copy'?",
           "made.yaml:7: numbers.a.modle: unknown key; did you mean 'model'?",
           "made.yaml:8: numbers.b.column: found 'tast_value'; did you mean 'test_value'?",
           "made.yaml:8: numbers.b.task: found 'corn'; did you mean 'coin'? known: coin",
           "made.yaml:9: numbers.c.difference: found 1 numbers, allowed: 2",
           "made.yaml:10: numbers.d.ratio: found 'e'; did you mean 'a'? known: a b c",
           "made.yaml:11: confirmed.number: found 'f'; did you mean 'a'? known: a b c d",
           "made.yaml:11: confirmed.at_least: found 'x', allowed: a number",
           "made.yaml:12: refuted.seeds: found 'all'; did you mean 'any'?",
           "made.yaml:12: refuted: needs a bound: at_least, at_most, above or below",
       }) {
    INFO(found);
    INFO(line);
    const std::size_t at = found.find(line, from);
    REQUIRE(at != std::string::npos);
    from = at;
  }
}

TEST_CASE("claim: a measurement's options and values are checked before it runs", "[claim]") {
  const auto with = [](const std::string& measure, const std::string& number) {
    return complaint(kTexts + measure + "numbers: {gap: " + number + "}\n" + kRule);
  };
  const std::string seeds = "seeds: [0, 1, 2]\n";
  CHECK(with("measure: solver\n" + seeds, "{column: sweeps}").empty());
  CHECK_THAT(with("measure: solvr\n" + seeds, "{column: sweeps}"),
             Contains("no measurement 'solvr'; did you mean 'solver'?"));
  CHECK_THAT(with("measure: solver\noptions: {legnth: 8}\n" + seeds, "{column: sweeps}"),
             Contains("options.legnth: unknown key; did you mean 'length'?"));
  CHECK_THAT(with("measure: solver\ncases: [{case: a, rho: -1}]\n" + seeds, "{column: sweps}"),
             Contains("cases.rho: found -1") && Contains("found 'sweps'; did you mean 'sweeps'?"));
}

TEST_CASE("claim: every claim of configs/ loads with what is built in", "[claim]") {
  Registry registry;
  register_builtins(registry);
  const std::filesystem::path folder =
      std::filesystem::path(LONGHAUL_SOURCE_DIR) / "configs" / "claims";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    INFO(entry.path());
    const Claim claim = load_claim(entry.path(), registry);
    CHECK(claim.name == entry.path().stem());
    // A claim about time alone repeats its measurement; it draws nothing.
    if (!claim.suite || !claim.suite->tasks.empty()) CHECK(seeds_of(claim).size() >= 3);
  }
}

TEST_CASE("claim: configs/claim.schema.json is what the program prints", "[claim]") {
  const std::filesystem::path file =
      std::filesystem::path(LONGHAUL_SOURCE_DIR) / "configs" / "claim.schema.json";
  INFO("scripts/update_docs.sh writes it");
  CHECK(read_text(file) == claim_schema().dump(2) + "\n");
}

TEST_CASE("claim: what a prediction explains is R^2 of its rows, step by step", "[claim]") {
  const std::string numbers =
      "numbers:\n  told: {file: diagnostics, column: value, model: copy, name: measured_change,"
      " predicted_by: predicted_change}\n"
      "confirmed: [{number: told, at_least: 0.9}]\nrefuted: [{number: told, below: 0.5}]\n";
  std::string csv = "model,seed,step,name,value\n";
  for (int seed = 0; seed < 3; ++seed)
    for (int step = 1; step <= 3; ++step) {  // seed 2 predicts 2 for each of 1, 2, 3
      csv += fmt::format("copy,{},{},predicted_change,{}\n", seed, step, seed == 2 ? 2 : step);
      csv += fmt::format("copy,{},{},measured_change,{}\n", seed, step, step);
    }
  const Claim claim = load(kTexts + kSuite + numbers);
  const ClaimNumber told = take_numbers(claim, {{"diagnostics", read_csv(csv)}}).front();
  CHECK(told.values == std::vector<double>{1, 1, 0});
  CHECK_THAT(complaint(kTexts + kSuite + "numbers: {a: {predicted_by: val_value}}\n" + kRule),
             Contains("numbers.a.predicted_by: belongs to a number with file: diagnostics"));
  csv += "copy,1,4,predicted_change,\ncopy,1,4,measured_change,5\n";
  csv += "copy,1,5,predicted_change,4\ncopy,1,5,measured_change,\n";
  CHECK(take_numbers(claim, {{"diagnostics", read_csv(csv)}}).front().missing ==
        std::vector<std::string>{"1"});
}
