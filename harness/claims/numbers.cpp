// A claim's numbers, from tables.
#include "harness/claims/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "harness/claims/reached.h"
#include "longhaul/error.h"
#include "support/enum_names.h"
#include "support/number_text.h"
#include "support/statistics.h"

namespace longhaul {
namespace {

using Make = NumberRule::Make;
using Take = NumberRule::Take;
using Names = std::vector<std::string>;
using Row = std::vector<std::string>;
using Rows = std::vector<const Row*>;

const EnumNames<Take> kTakeTexts = {{Take::only, ""},
                                    {Take::first, ", the first of several"},
                                    {Take::last, ", the last of several"},
                                    {Take::mean, ", the mean of several"},
                                    {Take::smallest, ", the smallest of several"},
                                    {Take::largest, ", the largest of several"}};

std::optional<double> number_from(const std::string& word) {
  if (word == "true" || word == "false") return word == "true";
  double value = 0;
  if (!read_number(word, value) || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string where_text(const NumberRule& rule) {
  std::string where;
  for (const auto& [column, value] : rule.where)
    where += fmt::format("{} {} {}", where.empty() ? " where" : ",", column, value);
  return where;
}

std::string description(const NumberRule& rule) {
  switch (rule.make) {
    case Make::column:
      return fmt::format("{} of {}.csv{}{}", rule.column, rule.file, where_text(rule),
                         rule.predicted_by.empty()
                             ? kTakeTexts.word(rule.take)
                             : ": R^2 of their prediction by " + rule.predicted_by);
    case Make::difference:
      return fmt::format("{} - {}", rule.of[0], rule.of[1]);
    case Make::ratio:
      return fmt::format("{} / {}", rule.of[0], rule.of[1]);
    case Make::examples_to:
      return fmt::format(
          "training examples until validation first reached {}{}; all where it "
          "never did",
          rule.reaches, where_text(rule));
    case Make::least:
      return fmt::format(
          "least {} among {} that reaches {}{}", rule.option, fmt::join(rule.of, ", "),
          rule.reaches, rule.otherwise ? fmt::format("; {} where none does", *rule.otherwise) : "");
    default:
      return fmt::format("{} of {}",
                         rule.make == Make::mean       ? "mean"
                         : rule.make == Make::smallest ? "smallest"
                                                       : "largest",
                         fmt::join(rule.of, ", "));
  }
}

double combined(const NumberRule& rule, const std::vector<double>& parts) {
  switch (rule.make) {
    case Make::least:
      return least_that_reaches(rule, parts).value_or(std::nan(""));
    case Make::difference:
      return parts[0] - parts[1];
    case Make::ratio:
      return parts[0] / parts[1];
    case Make::mean:
      return describe(parts).mean;
    case Make::smallest:
      return *std::min_element(parts.begin(), parts.end());
    default:
      return *std::max_element(parts.begin(), parts.end());
  }
}

// 1 - squares of what the prediction misses / squares about the mean.
double r_squared(const std::vector<double>& values, const std::vector<double>& predictions) {
  const double mean = describe(values).mean;
  double missed = 0, all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    missed += (values[i] - predictions[i]) * (values[i] - predictions[i]);
    all += (values[i] - mean) * (values[i] - mean);
  }
  return 1 - missed / all;
}

double taken(Take take, const std::vector<double>& values) {
  switch (take) {
    case Take::last:
      return values.back();
    case Take::mean:
      return describe(values).mean;
    case Take::smallest:
      return *std::min_element(values.begin(), values.end());
    case Take::largest:
      return *std::max_element(values.begin(), values.end());
    default:
      return values.front();
  }
}

// One number while it is taken from its table.
class ColumnTaker {
 public:
  ColumnTaker(const NumberRule& rule, const CsvTable& table) : rule_(rule), table_(table) {}

  ClaimNumber take(const Names& seeds) const;

 private:
  std::size_t place_of(const std::string& column) const {
    return static_cast<std::size_t>(
        std::find(table_.columns.begin(), table_.columns.end(), column) - table_.columns.begin());
  }
  bool has_failures() const;
  Rows selected() const;
  std::vector<double> values_of(const Rows& rows) const;
  Rows of_seed(const Rows& rows, const std::string& seed) const;
  ClaimNumber take_agreement(const Names& seeds) const;
  void add(const std::string& seed, Rows rows, ClaimNumber& number) const;
  [[noreturn]] void complain(const std::string& message) const {
    throw Error(
        text(rule_.place.source, ":", rule_.place.line, ": numbers.", rule_.name, ": ", message));
  }

  const NumberRule& rule_;
  const CsvTable& table_;
};

bool ColumnTaker::has_failures() const {
  const std::size_t status = place_of("status");
  if (status == table_.columns.size()) return false;
  return std::any_of(table_.rows.begin(), table_.rows.end(),
                     [&](const Row& row) { return row[status] != "ok"; });
}

// The rows that every selector leaves. None, although nothing failed, is a mistake in the file.
Rows ColumnTaker::selected() const {
  Rows rows;
  for (const Row& row : table_.rows) rows.push_back(&row);
  for (const auto& [column, value] : rule_.where) {
    const std::size_t place = place_of(column);
    std::set<std::string> others;
    for (const Row* row : rows) others.insert((*row)[place]);
    std::erase_if(rows, [&, &wanted = value](const Row* row) { return (*row)[place] != wanted; });
    if (rows.empty() && !has_failures())
      complain(
          fmt::format("no row has {} {}; found there: {}", column, value, fmt::join(others, " ")));
  }
  return rows;
}

std::vector<double> ColumnTaker::values_of(const Rows& rows) const {
  std::vector<double> values;
  for (const Row* row : rows)
    if (const std::optional<double> value = number_from((*row)[place_of(rule_.column)]))
      values.push_back(*value);
  return values;
}

void ColumnTaker::add(const std::string& seed, Rows rows, ClaimNumber& number) const {
  if (rule_.take == Take::only && rows.size() > 1) {
    std::string differ;
    for (std::size_t i = 0; i < table_.columns.size() && differ.empty(); ++i)
      if (table_.columns[i] != rule_.column && (*rows[0])[i] != (*rows[1])[i])
        differ =
            fmt::format(", such as {} {} and {}", table_.columns[i], (*rows[0])[i], (*rows[1])[i]);
    complain(fmt::format("{} rows{}{}; name one of them, or say which to take", rows.size(),
                         seed.empty() ? "" : " of seed " + seed, differ));
  }
  if (rule_.take == Take::first && !rows.empty()) rows = {rows.front()};
  if (rule_.take == Take::last && !rows.empty()) rows = {rows.back()};
  const std::vector<double> values = values_of(rows);
  // A row without a number is not passed over: what is taken would look as if it had one.
  if (rows.empty() || values.size() < rows.size()) return number.missing.push_back(seed);
  number.seeds.push_back(seed);
  number.values.push_back(taken(rule_.take, values));
}

Rows ColumnTaker::of_seed(const Rows& rows, const std::string& seed) const {
  Rows own;
  for (const Row* row : rows)
    if ((*row)[place_of("seed")] == seed) own.push_back(row);
  return own;
}

ClaimNumber ColumnTaker::take(const Names& seeds) const {
  ClaimNumber number;
  if (!rule_.predicted_by.empty()) return take_agreement(seeds);
  const Rows rows = selected();
  if (place_of("seed") == table_.columns.size()) {
    add("", rows, number);
    return number;
  }
  for (const std::string& seed : seeds) add(seed, of_seed(rows, seed), number);
  return number;
}

// The rows of both names are in the order of the steps.
ClaimNumber ColumnTaker::take_agreement(const Names& seeds) const {
  ClaimNumber number;
  NumberRule prediction = rule_;
  for (auto& [column, value] : prediction.where)
    if (column == "name") value = rule_.predicted_by;
  const Rows rows = selected(), others = ColumnTaker(prediction, table_).selected();
  for (const std::string& seed : seeds) {
    const Rows own = of_seed(rows, seed), predicted = of_seed(others, seed);
    const std::vector<double> values = values_of(own), predictions = values_of(predicted);
    const bool is_whole = values.size() == own.size() && predictions.size() == predicted.size() &&
                          own.size() == predicted.size();
    const double share = is_whole ? r_squared(values, predictions) : std::nan("");
    if (!std::isfinite(share)) {
      number.missing.push_back(seed);
      continue;
    }
    number.seeds.push_back(seed);
    number.values.push_back(share);
  }
  return number;
}

// Seed by seed; a part without seeds stands for every one.
ClaimNumber combine(const NumberRule& rule, const std::vector<const ClaimNumber*>& parts,
                    const Names& all_seeds) {
  ClaimNumber number;
  const bool has_seeds = std::any_of(parts.begin(), parts.end(), [](const ClaimNumber* part) {
    return part->seeds != Names{""} && part->missing != Names{""};
  });
  for (const std::string& seed : has_seeds ? all_seeds : Names{""}) {
    std::vector<double> values;
    for (const ClaimNumber* part : parts) {
      const bool is_single = part->seeds == Names{""};
      const auto found = std::find(part->seeds.begin(), part->seeds.end(), is_single ? "" : seed);
      if (found != part->seeds.end())
        values.push_back(part->values[static_cast<std::size_t>(found - part->seeds.begin())]);
    }
    const double value = values.size() == parts.size() ? combined(rule, values) : std::nan("");
    if (std::isfinite(value)) {
      number.seeds.push_back(seed);
      number.values.push_back(value);
    } else {
      number.missing.push_back(seed);
    }
  }
  for (const ClaimNumber* part : parts) number.measured = number.measured || part->measured;
  return number;
}

bool is_timed(const Claim& claim, const NumberRule& rule) {
  if (claim.suite) return is_measured(rule.file, rule.column);
  for (const MeasuredValue& value : claim.cases.front().measurement.values)
    if (value.name == rule.column) return value.is_timed;
  return false;
}

}  // namespace

std::vector<ClaimNumber> take_numbers(const Claim& claim, const Tables& tables) {
  const Names seeds = seeds_of(claim);
  std::vector<ClaimNumber> numbers;
  for (const NumberRule& rule : claim.numbers) {
    ClaimNumber number;
    if (rule.make == Make::examples_to) {
      number = take_examples_to(rule, tables, seeds);
    } else if (rule.make == Make::column) {
      number = ColumnTaker(rule, tables.at(rule.file)).take(seeds);
      number.measured = is_timed(claim, rule);
    } else {
      std::vector<const ClaimNumber*> parts;
      for (const std::string& name : rule.of)
        parts.push_back(&*std::find_if(numbers.begin(), numbers.end(),
                                       [&](const ClaimNumber& n) { return n.name == name; }));
      number = combine(rule, parts, seeds);
    }
    number.name = rule.name;
    number.what = description(rule);
    numbers.push_back(std::move(number));
  }
  return numbers;
}

std::vector<std::string> seeds_of(const Claim& claim) {
  Names seeds;
  for (const uint64_t seed : claim.suite ? claim.suite->seeds : claim.seeds)
    seeds.push_back(std::to_string(seed));
  return seeds;
}

}  // namespace longhaul
