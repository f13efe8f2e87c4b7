#include "harness/claims/claim_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/report/html.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

constexpr int kPictureWidth = 700, kRowHeight = 44, kLeftEdge = 230,
              kRightEdge = 20;  // of the picture

// A bound that a rule sets, as a line across a number's axis.
struct Bound {
  double at = 0;
  bool confirms = false;
  const char* side = "";  // "above" | "below": where the number must lie
};

std::vector<Bound> bounds_of(const Claim* claim, const std::string& number) {
  std::vector<Bound> bounds;
  if (!claim) return bounds;
  for (const bool confirms : {true, false})
    for (const ConditionRule& rule : confirms ? claim->confirmed : claim->refuted) {
      if (rule.number != number) continue;
      for (const auto& low : {rule.at_least, rule.above})
        if (low) bounds.push_back({*low, confirms, "above"});
      for (const auto& high : {rule.at_most, rule.below})
        if (high) bounds.push_back({*high, confirms, "below"});
    }
  return bounds;
}

// Those that conditions speak of, in the order of the rule; all, where no rule is known.
std::vector<const ClaimNumber*> drawn_numbers(const Verdict& verdict, const Claim* claim) {
  std::vector<const ClaimNumber*> drawn;
  for (const ClaimNumber& number : verdict.numbers)
    if (!number.values.empty() && (!claim || !bounds_of(claim, number.name).empty()))
      drawn.push_back(&number);
  return drawn;
}

std::string svg_text(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"12\" "
      "fill=\"var(--ink)\">{}</text>\n",
      x, y, anchor, html_text(text));
}

// One number: an axis of its own, a dot a seed, a line for each bound.
std::string row_of(const ClaimNumber& number, const std::vector<Bound>& bounds, int row) {
  std::vector<double> all = number.values;
  for (const Bound& bound : bounds) all.push_back(bound.at);
  const auto [least, most] = std::minmax_element(all.begin(), all.end());
  const double low = *least, high = *most;
  const double y = kRowHeight * row + 18;
  const auto x = [&](double value) {
    const double share = high > low ? (value - low) / (high - low) : 0.5;
    return kLeftEdge + 12 + share * (kPictureWidth - kLeftEdge - kRightEdge - 24);
  };
  std::string svg = svg_text(kLeftEdge - 10, y + 4, "end", number.name);
  svg += fmt::format(
      "<line x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"var(--rule)\"/>\n", kLeftEdge,
      kPictureWidth - kRightEdge, y, y);
  for (const Bound& bound : bounds) {
    const char* colour = bound.confirms ? "#009E73" : "#D55E00";
    const bool is_above = bound.side == std::string("above");
    svg += fmt::format(
        "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}m{3} -6l{4} 3l{5} 3\" fill=\"none\" stroke=\"{6}\" "
        "stroke-width=\"2\"><title>{7} {8} {9:.4g}</title></path>\n",
        x(bound.at), y - 11, y + 11, is_above ? 2 : -2, is_above ? 5 : -5, is_above ? -5 : 5,
        colour, bound.confirms ? "CONFIRMED" : "REFUTED", bound.side, bound.at);
  }
  for (std::size_t i = 0; i < number.values.size(); ++i)
    svg += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4.5\" fill=\"#0072B2\" fill-opacity=\"0.75\">"
        "<title>seed {}: {:.4g}</title></circle>\n",
        x(number.values[i]), y, html_text(number.seeds[i]), number.values[i]);
  svg += svg_text(x(low), y + 22, "middle", fmt::format("{:.3g}", low));
  if (high > low) svg += svg_text(x(high), y + 22, "middle", fmt::format("{:.3g}", high));
  return svg;
}

std::string picture_of(const std::vector<const ClaimNumber*>& numbers, const Claim* claim) {
  const int height = kRowHeight * static_cast<int>(numbers.size()) + 4;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" viewBox=\"0 0 {0} {1}\" "
      "width=\"{0}\" height=\"{1}\">\n",
      kPictureWidth, height);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    svg += row_of(*numbers[i], bounds_of(claim, numbers[i]->name), static_cast<int>(i));
  return svg + "</svg>";
}

std::vector<std::string> lines_of(const std::vector<ClaimCondition>& conditions) {
  std::vector<std::string> lines;
  for (const ClaimCondition& condition : conditions)
    lines.push_back(
        fmt::format("{}{}: {}, {}", condition.is_alternative ? "or " : "", condition.text,
                    condition.found ? fmt::format("found {:.4g}", *condition.found) : "missing",
                    condition.holds ? "holds" : "does not hold"));
  return lines;
}

TableCell number_cell(double value) {
  TableCell shown{fmt::format("{:.4g}", value)};
  shown.number = value;
  return shown;
}

Table numbers_table(const Verdict& verdict) {
  Table table;
  table.title = "every number of the claim, by seed";
  table.header = {"number", "mean", "min", "max", "by seed", "how it was taken"};
  for (const ClaimNumber& number : verdict.numbers) {
    std::vector<TableCell>& row = table.models.emplace_back();
    row.push_back({number.name + (number.measured ? " *" : "")});
    if (number.values.empty()) {
      row.insert(row.end(), 3, TableCell{"-"});
      row.push_back({"missing"});
    } else {
      const Statistics all = describe(number.values);
      for (const double value : {all.mean, all.min, all.max}) row.push_back(number_cell(value));
      std::string seeds;
      for (const double value : number.values)
        seeds += fmt::format("{}{:.4g}", seeds.empty() ? "" : " ", value);
      row.push_back({seeds});
    }
    row.push_back({number.what});
  }
  table.legend = {"*: a time or memory as measured, which differs from run to run"};
  return table;
}

}  // namespace

void add_claim(Page& page, const Verdict& verdict, const Claim* claim) {
  page.section("Verdict");
  page.paragraph(fmt::format("{}: {}", verdict.claim, to_string(verdict.answer)));
  if (!verdict.reason.empty()) page.paragraph(verdict.reason);
  page.facts({{"says", verdict.says},
              {"source", verdict.source},
              {"published", verdict.published},
              {"seeds", fmt::format("{}", fmt::join(verdict.seeds, ", "))},
              {"run", fmt::format("{} on {}, in {:.0f} s", verdict.run.finished, verdict.run.cpu,
                                  verdict.run.seconds)}});
  page.section("Rule");
  page.subsection("CONFIRMED if all hold");
  page.list(lines_of(verdict.confirmed));
  page.subsection("REFUTED if all hold");
  page.list(lines_of(verdict.refuted));
  page.section("Numbers");
  if (const auto numbers = drawn_numbers(verdict, claim); !numbers.empty())
    page.picture(picture_of(numbers, claim), "numbers of the rule by seed",
                 claim
                     ? "The numbers that the rule speaks of, each on an axis of its own: a dot is "
                       "a seed, a line a bound. Green bounds confirm, red ones refute, towards "
                       "the arrow."
                     : "The numbers by seed, each on an axis of its own. The claim's file has "
                       "changed since the verdict, so its bounds are not drawn.");
  page.table(numbers_table(verdict));
}

}  // namespace longhaul
