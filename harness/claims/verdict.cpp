#include "harness/claims/verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/claims/verdict_text.h"
#include "harness/results/store.h"
#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using nlohmann::json;

const std::vector<std::string> kAnswers = {"CONFIRMED", "REFUTED", "INCONCLUSIVE"};
constexpr const char* kFile = "verdict.json";

// Alternatives follow each other and hold if one of them does.
bool all_hold(const std::vector<ClaimCondition>& conditions) {
  for (std::size_t i = 0; i < conditions.size();) {
    bool holds = conditions[i].holds;
    for (++i; i < conditions.size() && conditions[i].is_alternative; ++i)
      holds = holds || conditions[i].holds;
    if (!holds) return false;
  }
  return !conditions.empty();
}

json to_json(const ClaimNumber& number) {
  json values = json::object();
  for (std::size_t i = 0; i < number.values.size(); ++i) values[number.seeds[i]] = number.values[i];
  const Statistics all = describe(number.values);
  return {{"name", number.name},
          {"what", number.what},
          {"measured", number.measured},
          {"mean", number.values.empty() ? json() : json(all.mean)},
          {"values", values},
          {"missing", number.missing}};
}

json to_json(const ClaimCondition& condition) {
  return {{"text", condition.text},
          {"found", condition.found ? json(*condition.found) : json()},
          {"holds", condition.holds},
          {"is_alternative", condition.is_alternative}};
}

template <class Item>
json list_of(const std::vector<Item>& items) {
  json list = json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

json to_json(const Verdict& verdict) {
  return {{"claim", verdict.claim},
          {"says", verdict.says},
          {"source", verdict.source},
          {"published", verdict.published},
          {"version", verdict.version},
          {"rule_hash", verdict.rule_hash},
          {"changes", verdict.changes},
          {"seeds", verdict.seeds},
          {"numbers", list_of(verdict.numbers)},
          {"confirmed_if", list_of(verdict.confirmed)},
          {"refuted_if", list_of(verdict.refuted)},
          {"answer", to_string(verdict.answer)},
          {"reason", verdict.reason},
          {"run",
           {{"finished", verdict.run.finished},
            {"host", verdict.run.host},
            {"cpu", verdict.run.cpu},
            {"cores", verdict.run.cores},
            {"seconds", verdict.run.seconds}}}};
}

// The conditions that speak for the answer: those of its list, or of both where neither holds.
std::string evidence_of(const json& verdict, Answer answer) {
  std::vector<std::string> parts;
  for (const char* list : {"confirmed_if", "refuted_if"}) {
    const bool is_confirmed = std::string(list) == "confirmed_if";
    if (answer == (is_confirmed ? Answer::refuted : Answer::confirmed)) continue;
    for (const json& condition : verdict.at(list)) {
      const bool holds = condition.at("holds").get<bool>();
      if (holds == (answer == Answer::inconclusive)) continue;
      parts.push_back(condition.at("text").get<std::string>() +
                      (condition.at("found").is_null()
                           ? ": missing"
                           : fmt::format(": {:.4g}", condition.at("found").get<double>())));
    }
    if (answer == Answer::inconclusive) break;
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

VerdictSummary summary_of(const json& verdict) {
  VerdictSummary summary;
  verdict.at("claim").get_to(summary.claim);
  verdict.at("rule_hash").get_to(summary.rule_hash);
  verdict.at("reason").get_to(summary.reason);
  const std::string answer = verdict.at("answer").get<std::string>();
  const auto found = std::find(kAnswers.begin(), kAnswers.end(), answer);
  require(found != kAnswers.end(), "answer: found '", answer, "'");
  summary.answer = static_cast<Answer>(found - kAnswers.begin());
  summary.seeds = verdict.at("seeds").size();
  summary.evidence = evidence_of(verdict, summary.answer);
  verdict.at("run").at("seconds").get_to(summary.seconds);
  return summary;
}

}  // namespace

std::string to_string(Answer answer) { return kAnswers.at(static_cast<std::size_t>(answer)); }

Answer answer_of(const std::vector<ClaimCondition>& confirmed,
                 const std::vector<ClaimCondition>& refuted) {
  const bool yes = all_hold(confirmed), no = all_hold(refuted);
  if (yes == no) return Answer::inconclusive;
  return yes ? Answer::confirmed : Answer::refuted;
}

std::string numbers_csv(const Verdict& verdict) {
  std::string csv = csv_line({"claim", "number", "seed", "value", "measured"});
  for (const ClaimNumber& number : verdict.numbers)
    for (std::size_t i = 0; i < number.values.size(); ++i)
      csv += csv_line({verdict.claim, number.name, number.seeds[i], csv_text(number.values[i]),
                       csv_text(number.measured)});
  return csv;
}

void write_verdict(const std::filesystem::path& dir, const Verdict& verdict) {
  std::filesystem::create_directories(dir);
  write_atomically(dir / "numbers.csv", numbers_csv(verdict));
  write_atomically(dir / "verdict.txt", verdict_text(verdict));
  write_atomically(dir / kFile,
                   to_json(verdict).dump(2, ' ', false, json::error_handler_t::replace) + "\n");
}

std::optional<VerdictSummary> read_verdict(const std::filesystem::path& dir) {
  std::ifstream in(dir / kFile);
  if (!in) return std::nullopt;
  try {
    return summary_of(json::parse(in));
  } catch (const std::exception& error) {
    throw Error(text((dir / kFile).string(), ": damaged: ", error.what(),
                     "; delete it to run the claim again"));
  }
}

}  // namespace longhaul
