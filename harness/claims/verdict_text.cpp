#include "harness/claims/verdict_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "harness/claims/verdict.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

constexpr std::size_t kWidth = 100;

// The words of `text` in lines of at most kWidth columns, further lines indented.
std::string in_lines(const std::string& text, std::size_t indent) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = indent;
  for (std::string word; words >> word;) {
    const bool is_first = lines.empty();
    if (!is_first && column + 1 + word.size() > kWidth) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!is_first) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines;
}

std::string number_text(double value) { return fmt::format("{:.4g}", value); }

std::string line_of(const ClaimNumber& number, std::size_t width) {
  std::string line = fmt::format("  {:<{}}", number.name + (number.measured ? " *" : ""), width);
  if (number.values.empty()) return line + "  missing\n";
  const Statistics all = describe(number.values);
  if (number.values.size() == 1 && number.seeds[0].empty())
    return line + fmt::format("  {:>10}\n", number_text(all.mean));
  line += fmt::format("  {:>10}  {:>10}  {:>10} ", number_text(all.mean), number_text(all.min),
                      number_text(all.max));
  for (double value : number.values) line += fmt::format(" {:>10}", number_text(value));
  if (!number.missing.empty())
    line += fmt::format("  missing: seed {}", fmt::join(number.missing, ", "));
  return line + "\n";
}

std::string table_of(const Verdict& verdict) {
  std::size_t width = 6;
  bool any_measured = false;
  for (const ClaimNumber& number : verdict.numbers) {
    width = std::max(width, number.name.size() + (number.measured ? 2 : 0));
    any_measured = any_measured || number.measured;
  }
  std::string table = fmt::format("  {:<{}}  {:>10}  {:>10}  {:>10}   by seed\n", "number", width,
                                  "mean", "min", "max");
  for (const ClaimNumber& number : verdict.numbers) table += line_of(number, width);
  if (any_measured) table += "  * a time or memory as measured: it differs from run to run\n";
  return table;
}

std::string list_of(const std::string& title, const std::vector<ClaimCondition>& conditions) {
  std::string list = "\n" + title + "\n";
  for (const ClaimCondition& condition : conditions)
    list += fmt::format("  [{}] {}{}: {}\n", condition.holds ? 'x' : ' ',
                        condition.is_alternative ? "or " : "", condition.text,
                        condition.found ? "found " + number_text(*condition.found) : "missing");
  return list;
}

}  // namespace

std::string verdict_text(const Verdict& verdict) {
  std::string text = fmt::format("{}: {}\n", verdict.claim, to_string(verdict.answer));
  if (!verdict.reason.empty()) text += in_lines(verdict.reason, 0) + "\n";
  text += fmt::format("\n  says       {}\n  source     {}\n  published  {}\n",
                      in_lines(verdict.says, 13), in_lines(verdict.source, 13),
                      in_lines(verdict.published, 13));
  if (!verdict.seeds.empty())
    text += fmt::format("  seeds      {}\n", fmt::join(verdict.seeds, ", "));
  if (!verdict.changes.empty())
    text += fmt::format("  changed    {}\n", fmt::join(verdict.changes, " "));
  text += "\n" + table_of(verdict);
  text += list_of("CONFIRMED if all hold:", verdict.confirmed);
  text += list_of("REFUTED if all hold:", verdict.refuted);
  text += "\nHow each number was taken:\n";
  for (const ClaimNumber& number : verdict.numbers)
    text += fmt::format("  {}: {}\n", number.name, number.what);
  return text;
}

std::string verdict_table(const std::vector<VerdictSummary>& verdicts) {
  std::size_t width = 5;
  for (const VerdictSummary& verdict : verdicts) width = std::max(width, verdict.claim.size());
  std::string table = fmt::format("{:<{}}  {:<12}  seeds  why\n", "claim", width, "verdict");
  std::map<Answer, std::size_t> counts;
  for (const VerdictSummary& verdict : verdicts) {
    ++counts[verdict.answer];
    const std::string why = verdict.reason.empty() ? verdict.evidence : verdict.reason;
    const std::size_t indent = width + 23;
    table += fmt::format("{:<{}}  {:<12}  {:>5}  {}\n", verdict.claim, width,
                         to_string(verdict.answer), verdict.seeds, in_lines(why, indent));
  }
  return table + fmt::format("\n{} confirmed, {} refuted, {} inconclusive\n",
                             counts[Answer::confirmed], counts[Answer::refuted],
                             counts[Answer::inconclusive]);
}

}  // namespace longhaul
