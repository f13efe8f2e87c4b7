// Numbers of a claim that say when, or from which option on, a score is reached.
#include <fmt/format.h>

#include <algorithm>

#include "harness/claims/numbers.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/made_up_claim.h"

using namespace longhaul;
using namespace longhaul::made_up;
using Catch::Matchers::Contains;

namespace {

const std::string kDepths =
    "suite:\n  seeds: [0, 1, 2]\n  budget: {steps: 5}\n  models:\n"
    "    - {name: one, model: copy, layers: 1}\n    - {name: second, model: copy, layers: 2}\n"
    "  tasks: [coin]\n";

Tables depths(const std::vector<double>& one, const std::vector<double>& two) {
  Results results;
  for (uint64_t seed = 0; seed < one.size(); ++seed) {
    results.trials.push_back(made_up_trial("one", "coin", seed, one[seed]));
    results.trials.push_back(made_up_trial("second", "coin", seed, two[seed]));
  }
  return exported_tables(results);
}

const std::string kDepthRule =
    "confirmed: [{number: depth, at_least: 2}]\nrefuted: [{number: depth, at_most: 1}]\n";

}  // namespace

TEST_CASE("claim: the least value of an option that reaches a score, seed by seed", "[claim]") {
  const std::string numbers =
      "numbers:\n  a: {model: one}\n  b: {model: second}\n"
      "  depth: {least: layers, of: [a, b], reaches: 0.9, otherwise: 8}\n";
  const Claim claim = load(kTexts + kDepths + numbers + kDepthRule);
  const ClaimNumber depth = take_numbers(claim, depths({0.95, 0.5, 0.5}, {0.99, 0.9, 0.89})).back();
  CHECK(depth.values == std::vector<double>{1, 2, 8});
  CHECK(depth.what == "least layers among a, b that reaches 0.9; 8 where none does");
  const Claim strict = load(kTexts + kDepths +
                            "numbers:\n  a: {model: one}\n  b: {model: second}\n"
                            "  depth: {least: layers, of: [a, b], reaches: 0.9}\n" +
                            kDepthRule);
  const ClaimNumber missing =
      take_numbers(strict, depths({0.95, 0.5, 0.5}, {0.99, 0.9, 0.89})).back();
  CHECK(missing.values == std::vector<double>{1, 2});
  CHECK(missing.missing == std::vector<std::string>{"2"});
  CHECK_THAT(complaint(kTexts + kDepths +
                       "numbers:\n  a: {model: one}\n"
                       "  depth: {least: heads, of: [a, c], reach: 0.9}\n" +
                       kDepthRule),
             Contains("numbers.depth.least: found 'heads', allowed: an option or setting that the "
                      "model, task or case of a sets to a number") &&
                 Contains("numbers.depth.of: found 'c'; did you mean 'a'?") &&
                 Contains("numbers.depth.reach: unknown key; did you mean 'reaches'?") &&
                 Contains("reaches: is missing, such as reaches: 0.9"));
}

TEST_CASE("claim: examples until validation reaches a score, or all of them", "[claim]") {
  const std::string numbers =
      "numbers:\n  depth: {examples_to: 0.9, model: one}\n"
      "  other: {examples_to: 0.9, model: second}\n  ratio: {ratio: [other, depth]}\n";
  const Claim claim = load(kTexts + kDepths + numbers + kDepthRule);
  Tables tables = depths({0.95, 0.95, 0.95}, {0.5, 0.5, 0.5});
  std::string csv = "trial,step,split,metric,value,model,task,seed\n";
  for (const auto& row : tables["results"].rows) {
    const auto at = [&](const std::string& column) {
      const auto& columns = tables["results"].columns;
      return row[static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) -
                                          columns.begin())];
    };
    const bool learns = at("model") == "one";
    for (const int step : {10, 20, 30})
      csv += fmt::format(
          "{0},{1},validation,accuracy,{2},{3},coin,{4}\n"
          "{0},{1},validation,loss,0.99,{3},coin,{4}\n",
          at("trial"), step, learns && step >= 20 ? 0.9 : 0.3, at("model"), at("seed"));
  }
  tables["curves"] = read_csv(csv);
  const auto found = take_numbers(claim, tables);
  const double batch = static_cast<double>(Settings().batch);
  CHECK(found[0].values == std::vector<double>(3, 20 * batch));
  CHECK(found[1].values == std::vector<double>(3, 30 * batch));
  CHECK(found[2].values == std::vector<double>(3, 1.5));
  CHECK(found[0].what ==
        "training examples until validation first reached 0.9 where model one; "
        "all where it never did");
  const Claim loose =
      load(kTexts + kDepths + "numbers: {depth: {examples_to: 0.9}}\n" + kDepthRule);
  CHECK_THROWS_WITH(take_numbers(loose, tables), Contains("several trials of seed 0, such as"));
  CHECK_THAT(
      complaint(kTexts + kDepths + "numbers: {depth: {examples_to: 2, modle: one}}\n" + kDepthRule),
      Contains("numbers.depth.examples_to: found 2, allowed: above 0, at most 1") &&
          Contains("numbers.depth.modle: unknown key; did you mean 'model'?"));
}
