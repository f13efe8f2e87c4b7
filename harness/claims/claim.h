#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/claims/measurement.h"
#include "harness/suite/config.h"
#include "harness/suite/suite.h"

namespace longhaul {

// A number that a rule speaks of. Either it is a column of one of the CSV files that the claim's
// run leaves, in the row of each seed that the selectors name, or it is made of numbers before it,
// seed by seed.
struct NumberRule {
  enum class Take { only, first, last, mean, smallest, largest };  // of several rows a seed
  enum class Make { column, examples_to, difference, ratio, mean, smallest, largest, least };

  std::string name;
  Place place;
  Make make = Make::column;
  std::vector<std::string> of;  // names of the numbers it is made of

  std::string file;  // "results", without .csv
  std::string column;
  std::vector<std::pair<std::string, std::string>> where;  // column, the value it must have
  Take take = Take::only;
  // Of diagnostics: R^2 of this one's rows as a prediction of the rows taken.
  std::string predicted_by;
  // Of examples_to: the score that validation must reach. Of least: the score that a number must
  // reach for its option to count.
  double reaches = 0;
  // Of least: an option, its value for each of `of`, and what stands for it where none reaches.
  std::string option;
  std::vector<double> option_values;
  std::optional<double> otherwise;
};

// Bounds that a number must keep.
struct ConditionRule {
  enum class Over { every, any, mean, median };  // seeds

  std::string number;
  Over over = Over::mean;
  std::optional<double> at_least, at_most, above, below;
  bool is_alternative = false;  // one of several of which one suffices, as the one before it
};

// One set of options of the claim's measurement.
struct MeasurementCase {
  std::string name;
  OptionMap options;  // resolved
  ClaimMeasurement measurement;
};

// A published claim: where it stands, what is run to test it, and the rule for the answer.
struct Claim {
  std::string name, says, source, published;
  std::optional<Suite> suite;  // either this, or a measurement
  std::string measure;
  std::vector<MeasurementCase> cases;
  std::vector<uint64_t> seeds;  // of the measurement
  std::vector<NumberRule> numbers;
  std::vector<ConditionRule> confirmed, refuted;
  std::vector<std::string> changes;  // --set arguments
  std::string rule_hash;             // of the file and the changes
};

// Reads a claim file and applies the overrides, as load_suite does. Throws one Error that lists
// every problem, a line each with file, line, key, what is allowed and the nearest name.
Claim load_claim(const std::filesystem::path& file, Registry& registry,
                 const std::vector<std::string>& overrides = {});

// What a verdict stores of the file that it judges: another file has no verdict yet.
std::string rule_hash(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides = {});

}  // namespace longhaul
