#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/suite/section.h"

namespace longhaul {

// What the numbers of a claim may name.
struct Vocabulary {
  std::map<std::string, std::vector<std::string>> columns;  // of each file
  std::map<std::string, std::vector<std::string>> values;   // that a column can have, where known
  std::string file;                                         // of a number that does not say
  std::string column;  // likewise; "" for the column of the number's own name
  // What an option of the model, task or case that a number is of is set to, as a number.
  std::function<std::optional<double>(const NumberRule&, const std::string& option)> option_of;
};

// Each reads one part of a claim file, placing its problems.
std::vector<NumberRule> read_numbers(const Section& claim, const Vocabulary& vocabulary,
                                     Problems& problems);
std::vector<ConditionRule> read_conditions(const Section& claim, const std::string& key,
                                           const std::vector<NumberRule>& numbers,
                                           Problems& problems);

// What `take` of a number and `seeds` of a condition may say.
const std::vector<std::string>& take_names();
const std::vector<std::string>& over_names();

}  // namespace longhaul
