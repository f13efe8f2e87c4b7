#include "harness/claims/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "harness/claims/check.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

// A condition, what was found, and how far it holds. Alternatives stand together.
struct Weighed {
  std::string text;
  std::optional<Margin> margin;
  bool holds = false;
  bool is_alternative = false;
};

std::vector<Weighed> weighed(const std::vector<ConditionRule>& rules, const Verdict& verdict) {
  const std::vector<ClaimCondition> checked = check(rules, verdict.numbers);
  std::vector<Weighed> all;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto number =
        std::find_if(verdict.numbers.begin(), verdict.numbers.end(),
                     [&](const ClaimNumber& one) { return one.name == rules[i].number; });
    all.push_back({checked[i].text, margin_of(rules[i], *number), checked[i].holds,
                   checked[i].is_alternative});
  }
  return all;
}

std::string distance_text(const Weighed& one) {
  if (!one.margin) return "values are missing";
  const std::string seed =
      one.margin->seed.empty() ? "" : fmt::format(" (seed {})", one.margin->seed);
  return one.holds ? fmt::format("holds, {:.3g} to spare{}", one.margin->by, seed)
                   : fmt::format("does not hold, {:.3g} short{}", -one.margin->by, seed);
}

std::string weighed_list(const char* answer, const std::vector<Weighed>& conditions) {
  std::string list = fmt::format("{} if all hold:\n", answer);
  for (const Weighed& one : conditions)
    list += fmt::format("  [{}] {}{}: {}\n", one.holds ? 'x' : ' ', one.is_alternative ? "or " : "",
                        one.text, distance_text(one));
  return list;
}

// Where each group of alternatives begins, and where the next one does.
std::vector<std::pair<std::size_t, std::size_t>> groups(const std::vector<Weighed>& conditions) {
  std::vector<std::pair<std::size_t, std::size_t>> all;
  for (std::size_t i = 0; i < conditions.size(); ++i)
    if (conditions[i].is_alternative && !all.empty())
      all.back().second = i + 1;
    else
      all.emplace_back(i, i + 1);
  return all;
}

bool group_holds(const std::vector<Weighed>& all, std::pair<std::size_t, std::size_t> group) {
  return std::any_of(all.begin() + static_cast<std::ptrdiff_t>(group.first),
                     all.begin() + static_cast<std::ptrdiff_t>(group.second),
                     [](const Weighed& one) { return one.holds; });
}

std::string needed(const Weighed& one) {
  return one.margin ? fmt::format("{} (it is {:.3g} short)", one.text, -one.margin->by)
                    : fmt::format("{} (its values are missing)", one.text);
}

// What is still missing for the list to hold: of alternatives, any one.
std::string missing_for(const char* answer, const std::vector<Weighed>& all) {
  std::string text;
  for (const auto& group : groups(all)) {
    if (group_holds(all, group)) continue;
    std::string any;
    for (std::size_t i = group.first; i < group.second; ++i)
      any += (any.empty() ? "" : ", or ") + needed(all[i]);
    text += fmt::format("  - {}\n", any);
  }
  return text.empty() ? "" : fmt::format("{} would need:\n{}", answer, text);
}

// The condition of a list that holds whose group would break first.
std::string weakest(const char* answer, const std::vector<Weighed>& all) {
  double least = std::numeric_limits<double>::infinity();
  const Weighed* first = nullptr;
  for (const auto& group : groups(all)) {
    const Weighed* best = nullptr;
    for (std::size_t i = group.first; i < group.second; ++i)
      if (all[i].holds && all[i].margin && (!best || all[i].margin->by > best->margin->by))
        best = &all[i];
    if (!best || best->margin->by >= least) continue;
    least = best->margin->by;
    first = best;
  }
  if (!first) return "";
  return fmt::format(
      "{} would be INCONCLUSIVE if its condition with the least to spare broke:\n"
      "  - {}: {}\n",
      answer, first->text, distance_text(*first));
}

}  // namespace

std::string explain(const Claim& claim, const Verdict& verdict) {
  require(claim.rule_hash == verdict.rule_hash, claim.name,
          ": its rule has changed since the verdict; run it again");
  const std::vector<Weighed> yes = weighed(claim.confirmed, verdict);
  const std::vector<Weighed> no = weighed(claim.refuted, verdict);
  std::string text = fmt::format("{}: {}\n\n{}\n{}\nWhat would change it\n\n", claim.name,
                                 to_string(verdict.answer), weighed_list("CONFIRMED", yes),
                                 weighed_list("REFUTED", no));
  if (verdict.answer == Answer::confirmed) text += weakest("CONFIRMED", yes);
  if (verdict.answer == Answer::refuted) text += weakest("REFUTED", no);
  if (verdict.answer != Answer::confirmed) text += missing_for("CONFIRMED", yes);
  if (verdict.answer != Answer::refuted) text += missing_for("REFUTED", no);
  const bool both = missing_for("", yes).empty() && missing_for("", no).empty();
  if (both) text += "Both lists hold, so the rule decides nothing: one of them must break.\n";
  return text;
}

}  // namespace longhaul
