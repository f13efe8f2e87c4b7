#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/enum_names.h"

namespace longhaul {

enum class Answer { confirmed, refuted, inconclusive };
const EnumNames<Answer>& names_of(Answer);  // "CONFIRMED"

// A number that a claim's rule speaks of: one value for each seed, or a single one.
struct ClaimNumber {
  std::string name;
  std::string what;                  // how it was taken: "results.csv test_value, model lru"
  std::vector<std::string> seeds;    // "" for a value that has none
  std::vector<double> values;        // one a seed
  std::vector<std::string> missing;  // seeds without a value: their trials did not end well
  bool measured = false;             // a time or memory, which differs from run to run
};

// One condition of a rule, and what was found.
struct ClaimCondition {
  std::string text;             // "gap of every seed at least 0.05"
  std::optional<double> found;  // the value nearest to breaking it; none where values are missing
  bool holds = false;
  bool is_alternative = false;  // one of several of which one suffices, as the one before it
};

// What came of a claim. All but `run` is the same, byte for byte, whenever a claim without measured
// numbers runs again.
struct Verdict {
  struct Run {  // when, where and how long
    std::string finished, host, cpu;
    int64_t cores = 0;
    double seconds = 0;
  };

  std::string claim, says, source, published;
  std::string version;
  std::string rule_hash;             // of the claim file and of what --set changed
  std::vector<std::string> changes;  // --set arguments
  std::vector<std::string> seeds;
  std::vector<ClaimNumber> numbers;
  std::vector<ClaimCondition> confirmed, refuted;
  Answer answer = Answer::inconclusive;
  std::string reason;  // of an answer that the conditions do not explain: missing values
  Run run;
};

// Both lists hold, or neither: INCONCLUSIVE. An empty list never holds.
Answer answer_of(const std::vector<ClaimCondition>& confirmed,
                 const std::vector<ClaimCondition>& refuted);

std::string numbers_csv(const Verdict& verdict);  // claim, number, seed, value, measured

// Writes verdict.json, verdict.txt and numbers.csv, the first one last.
void write_verdict(const std::filesystem::path& dir, const Verdict& verdict);

// verdict.json as it was written. Throws Error naming a file that is damaged, or missing.
Verdict read_whole_verdict(const std::filesystem::path& dir);

// What the table of verdicts shows, from verdict.json.
struct VerdictSummary {
  std::string claim, rule_hash, reason;
  Answer answer = Answer::inconclusive;
  std::size_t seeds = 0;
  std::string evidence;  // the conditions that decided, with what was found
  double seconds = 0;
};

// Nothing if there is none. Throws Error naming a file that is damaged.
std::optional<VerdictSummary> read_verdict(const std::filesystem::path& dir);

}  // namespace longhaul
