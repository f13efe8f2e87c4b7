#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/claims/verdict.h"
#include "harness/tables/results.h"
#include "support/csv.h"

namespace longhaul {

// The CSV files that a claim's numbers are taken from, by name without ".csv".
using Tables = std::map<std::string, CsvTable>;

// The columns of each file that a suite leaves (docs/results.md). Where a file names its trials
// only, the columns of results.csv that say which these are follow: model, task, seed ...
std::map<std::string, std::vector<std::string>> exported_columns();
Tables exported_tables(const Results& results);

// Columns that a machine's speed and memory decide.
bool is_measured(const std::string& file, const std::string& column);

// A claim's numbers by its rules. Values of seeds whose trials did not end well are missing. Throws
// Error, with the place in the claim file, for a number that no row or more than one answers to.
std::vector<ClaimNumber> take_numbers(const Claim& claim, const Tables& tables);

// Its conditions on the numbers.
std::vector<ClaimCondition> check(const std::vector<ConditionRule>& rules,
                                  const std::vector<ClaimNumber>& numbers);

// The seeds of the claim's runs, as CSV files name them.
std::vector<std::string> seeds_of(const Claim& claim);

}  // namespace longhaul
