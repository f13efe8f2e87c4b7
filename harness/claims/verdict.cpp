#include "harness/claims/verdict.h"

#include <fmt/format.h>

#include "harness/claims/verdict_text.h"
#include "harness/results/record.h"
#include "longhaul/error.h"
#include "support/csv.h"
#include "support/file.h"
#include "support/json.h"
#include "support/json_fields.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using nlohmann::json;

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

// The conditions that speak for the answer: those of its list that hold, or without an answer
// those that would have confirmed and do not hold.
std::string evidence_of(const Verdict& verdict) {
  const bool is_decided = verdict.answer != Answer::inconclusive;
  std::vector<std::string> parts;
  for (const ClaimCondition& condition :
       verdict.answer == Answer::refuted ? verdict.refuted : verdict.confirmed)
    if (condition.holds == is_decided)
      parts.push_back(condition.text +
                      (condition.found ? fmt::format(": {:.4g}", *condition.found) : ": missing"));
  return fmt::format("{}", fmt::join(parts, "; "));
}

// A number as verdict.json has it: values under their seeds, and their mean beside them.
struct StoredNumber {
  std::string name, what;
  bool measured = false;
  std::optional<double> mean;
  std::map<std::string, double> values;
  std::vector<std::string> missing;
};

VerdictSummary summary_of(const Verdict& verdict) {
  return {verdict.claim,        verdict.rule_hash,    verdict.reason,     verdict.answer,
          verdict.seeds.size(), evidence_of(verdict), verdict.run.seconds};
}

}  // namespace

template <>
inline constexpr auto json_fields<StoredNumber> = std::tuple{
    field("name", &StoredNumber::name),         field("what", &StoredNumber::what),
    field("measured", &StoredNumber::measured), field("mean", &StoredNumber::mean),
    field("values", &StoredNumber::values),     field("missing", &StoredNumber::missing)};

static json json_of(const ClaimNumber& number) {
  StoredNumber stored{number.name, number.what, number.measured, {}, {}, number.missing};
  if (!number.values.empty()) stored.mean = describe(number.values).mean;
  for (std::size_t i = 0; i < number.values.size(); ++i)
    stored.values[number.seeds[i]] = number.values[i];
  return json_of(stored);
}

static void read_json(const json& found, const std::string& path, ClaimNumber& number) {
  StoredNumber stored;
  json_detail::read_value(found, path, stored, UnknownKeys::ignore);
  number = {stored.name, stored.what, {}, {}, stored.missing, stored.measured};
  for (const auto& [seed, value] : stored.values) {
    number.seeds.push_back(seed);
    number.values.push_back(value);
  }
}

template <>
inline constexpr auto json_fields<ClaimCondition> =
    std::tuple{field("text", &ClaimCondition::text), field("found", &ClaimCondition::found),
               field("holds", &ClaimCondition::holds),
               field("is_alternative", &ClaimCondition::is_alternative)};

template <>
inline constexpr auto json_fields<Verdict::Run> =
    std::tuple{field("finished", &Verdict::Run::finished), field("host", &Verdict::Run::host),
               field("cpu", &Verdict::Run::cpu), field("cores", &Verdict::Run::cores),
               field("seconds", &Verdict::Run::seconds)};

template <>
inline constexpr auto json_fields<Verdict> =
    std::tuple{field("claim", &Verdict::claim),        field("says", &Verdict::says),
               field("source", &Verdict::source),      field("published", &Verdict::published),
               field("version", &Verdict::version),    field("rule_hash", &Verdict::rule_hash),
               field("changes", &Verdict::changes),    field("seeds", &Verdict::seeds),
               field("numbers", &Verdict::numbers),    field("confirmed_if", &Verdict::confirmed),
               field("refuted_if", &Verdict::refuted), field("answer", &Verdict::answer),
               field("reason", &Verdict::reason),      field("run", &Verdict::run)};

const EnumNames<Answer>& names_of(Answer) {
  static const EnumNames<Answer> names = {{Answer::confirmed, "CONFIRMED"},
                                          {Answer::refuted, "REFUTED"},
                                          {Answer::inconclusive, "INCONCLUSIVE"}};
  return names;
}

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
  make_folder(dir);
  write_atomically(dir / "numbers.csv", numbers_csv(verdict));
  write_atomically(dir / "verdict.txt", verdict_text(verdict));
  write_atomically(dir / kFile, json_text(json_of(verdict)));
}

Verdict read_whole_verdict(const std::filesystem::path& dir) {
  try {
    return read_json_file(dir / kFile, [](const json& stored) {
      return from_json<Verdict>(stored, unknown_keys_of(stored));
    });
  } catch (const Error& error) {
    throw Error(text(error.what(), "; delete it to run the claim again"));
  }
}

std::optional<VerdictSummary> read_verdict(const std::filesystem::path& dir) {
  if (!std::filesystem::exists(dir / kFile)) return std::nullopt;
  return summary_of(read_whole_verdict(dir));
}

}  // namespace longhaul
