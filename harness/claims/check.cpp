// A claim's conditions, on its numbers.
#include "harness/claims/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "support/enum_names.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using Over = ConditionRule::Over;

// How far a value keeps its bounds; negative where it breaks one.
double margin(const ConditionRule& rule, double value) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& low : {rule.at_least, rule.above})
    if (low) least = std::min(least, value - *low);
  for (const auto& high : {rule.at_most, rule.below})
    if (high) least = std::min(least, *high - value);
  return least;
}

bool holds(const ConditionRule& rule, double value) {
  return (!rule.at_least || value >= *rule.at_least) && (!rule.at_most || value <= *rule.at_most) &&
         (!rule.above || value > *rule.above) && (!rule.below || value < *rule.below);
}

// The one value that decides.
double decisive(const ConditionRule& rule, const std::vector<double>& values) {
  const auto nearer = [&](double a, double b) { return margin(rule, a) < margin(rule, b); };
  switch (rule.over) {
    case Over::every:
      return *std::min_element(values.begin(), values.end(), nearer);
    case Over::any:
      return *std::max_element(values.begin(), values.end(), nearer);
    case Over::median:
      return median(values);
    default:
      return describe(values).mean;
  }
}

std::string description(const ConditionRule& rule, bool has_seeds) {
  static const EnumNames<Over> overs = {{Over::every, "every seed's "},
                                        {Over::any, "some seed's "},
                                        {Over::mean, "mean "},
                                        {Over::median, "median "}};
  std::string text = (has_seeds ? overs.word(rule.over) : "") + rule.number;
  const auto add = [&](const char* words, const std::optional<double>& bound) {
    if (bound) text += fmt::format(" {} {}", words, *bound);
  };
  add("at least", rule.at_least);
  add("at most", rule.at_most);
  add("above", rule.above);
  add("below", rule.below);
  return text;
}

}  // namespace

std::optional<Margin> margin_of(const ConditionRule& rule, const ClaimNumber& number) {
  if (!number.missing.empty() || number.values.empty()) return std::nullopt;
  const double value = decisive(rule, number.values);
  Margin found{margin(rule, value), ""};
  if (rule.over == Over::every || rule.over == Over::any)
    found.seed = number.seeds[static_cast<std::size_t>(
        std::find(number.values.begin(), number.values.end(), value) - number.values.begin())];
  return found;
}

std::vector<ClaimCondition> check(const std::vector<ConditionRule>& rules,
                                  const std::vector<ClaimNumber>& numbers) {
  std::vector<ClaimCondition> conditions;
  for (const ConditionRule& rule : rules) {
    const ClaimNumber& number =
        *std::find_if(numbers.begin(), numbers.end(),
                      [&](const ClaimNumber& candidate) { return candidate.name == rule.number; });
    ClaimCondition condition;
    condition.text = description(rule, number.values.size() > 1);
    condition.is_alternative = rule.is_alternative;
    if (number.missing.empty()) {
      condition.found = decisive(rule, number.values);
      condition.holds = holds(rule, *condition.found);
    }
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

}  // namespace longhaul
