#include "harness/claims/reached.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/results/record.h"
#include "longhaul/error.h"
#include "support/number_text.h"

namespace longhaul {
namespace {

using Fields = std::vector<std::string>;

std::size_t place_in(const CsvTable& table, const std::string& column) {
  return static_cast<std::size_t>(std::find(table.columns.begin(), table.columns.end(), column) -
                                  table.columns.begin());
}

const std::string& field_of(const CsvTable& table, const Fields& row, const std::string& column) {
  return row.at(place_in(table, column));
}

// Sequences a step, of each trial that went well.
std::map<std::string, double> batches_of(const CsvTable& results) {
  std::map<std::string, double> batches;
  for (const Fields& row : results.rows) {
    double batch = 0;
    if (field_of(results, row, "status") == "ok" &&
        read_number(field_of(results, row, "batch"), batch))
      batches[field_of(results, row, "trial")] = batch;
  }
  return batches;
}

// A validation pass of the trials that the rule selects.
struct Pass {
  std::string trial;
  double step = 0, score = 0;
};

std::vector<Pass> passes_of(const NumberRule& rule, const CsvTable& curves,
                            const std::string& seed) {
  std::vector<Pass> passes;
  for (const Fields& row : curves.rows) {
    const bool is_ours =
        field_of(curves, row, "seed") == seed && field_of(curves, row, "split") == "validation" &&
        is_score(field_of(curves, row, "metric")) &&
        std::all_of(rule.where.begin(), rule.where.end(), [&](const auto& selector) {
          return field_of(curves, row, selector.first) == selector.second;
        });
    Pass pass{field_of(curves, row, "trial")};
    if (is_ours && read_number(field_of(curves, row, "step"), pass.step) &&
        read_number(field_of(curves, row, "value"), pass.score))
      passes.push_back(pass);
  }
  std::stable_sort(passes.begin(), passes.end(),
                   [](const Pass& a, const Pass& b) { return a.step < b.step; });
  return passes;
}

}  // namespace

ClaimNumber take_examples_to(const NumberRule& rule, const Tables& tables,
                             const std::vector<std::string>& seeds) {
  const std::map<std::string, double> batches = batches_of(tables.at("results"));
  ClaimNumber number;
  for (const std::string& seed : seeds) {
    const std::vector<Pass> passes = passes_of(rule, tables.at("curves"), seed);
    const auto other = std::find_if(passes.begin(), passes.end(), [&](const Pass& pass) {
      return pass.trial != passes.front().trial;
    });
    if (other != passes.end())
      throw Error(fmt::format(
          "{}:{}: numbers.{}: several trials of seed {}, such as {} and {}; "
          "name one of them",
          rule.place.source, rule.place.line, rule.name, seed, passes.front().trial, other->trial));
    const auto batch = passes.empty() ? batches.end() : batches.find(passes.front().trial);
    if (batch == batches.end()) {
      number.missing.push_back(seed);
      continue;
    }
    const auto reached = std::find_if(passes.begin(), passes.end(),
                                      [&](const Pass& pass) { return pass.score >= rule.reaches; });
    const Pass& counts = reached == passes.end() ? passes.back() : *reached;
    number.seeds.push_back(seed);
    number.values.push_back(counts.step * batch->second);
  }
  return number;
}

std::optional<double> least_that_reaches(const NumberRule& rule, const std::vector<double>& parts) {
  std::optional<double> least;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i] >= rule.reaches && (!least || rule.option_values[i] < *least))
      least = rule.option_values[i];
  return least ? least : rule.otherwise;
}

}  // namespace longhaul
