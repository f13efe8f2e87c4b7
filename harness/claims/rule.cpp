#include "harness/claims/rule.h"

#include "longhaul/error.h"
#include "support/enum_names.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;
using Names = std::vector<std::string>;
using Take = NumberRule::Take;
using Make = NumberRule::Make;
using Over = ConditionRule::Over;

const EnumNames<Take> kTakes = {{Take::only, "only"},         {Take::first, "first"},
                                {Take::last, "last"},         {Take::mean, "mean"},
                                {Take::smallest, "smallest"}, {Take::largest, "largest"}};
// A column is made by no key of its own.
const EnumNames<Make> kMakes = {{Make::difference, "difference"},
                                {Make::ratio, "ratio"},
                                {Make::mean, "mean"},
                                {Make::smallest, "smallest"},
                                {Make::largest, "largest"}};
const EnumNames<Over> kOvers = {
    {Over::every, "every"}, {Over::any, "any"}, {Over::mean, "mean"}, {Over::median, "median"}};
const Names kNumberKeys = {"file", "column", "take", "predicted_by"};
const Names kConditionKeys = {"number", "seeds", "at_least", "at_most", "above", "below", "any_of"};

std::string joined(const Names& names) {
  std::string list;
  for (const std::string& name : names) list += text(list.empty() ? "" : " ", name);
  return list;
}

// A word that is none of the known ones.
void refuse(const Section& section, const std::string& key, const std::string& word,
            const Names& known) {
  section.problem(key, text("found '", word, "'", nearest_and_known(word, known)));
}

// The value of a key that is one of `words`; the default, and a problem, if it is none of them.
template <class Enum>
Enum choice(const Section& section, const OptionMap& given, const std::string& key,
            const EnumNames<Enum>& words, Enum default_value) {
  const auto value = given.find(key);
  if (value == given.end()) return default_value;
  const std::string word = to_text(value->second);
  const std::optional<Enum> found = words.find(word);
  if (!found) refuse(section, key, word, words.words());
  return found.value_or(default_value);
}

class NumberReader {
 public:
  NumberReader(const Vocabulary& vocabulary, Problems& problems)
      : vocabulary_(vocabulary), problems_(problems) {}

  NumberRule read(const ConfigNode& node, const Names& earlier);

 private:
  void read_parts(const Section& section, const Names& earlier, NumberRule& rule);
  void read_column(const Section& section, NumberRule& rule);

  const Vocabulary& vocabulary_;
  Problems& problems_;
};

NumberRule NumberReader::read(const ConfigNode& node, const Names& earlier) {
  NumberRule rule;
  rule.name = node.key;
  rule.place = node.place;
  const Section section(node, "numbers." + node.key, problems_);
  if (node.kind != Kind::map && node.kind != Kind::null) return rule;  // a problem of the section's
  if (contains(earlier, rule.name)) return rule;  // given twice, which is a problem already
  for (const std::string& word : kMakes.words())
    if (section.find(word)) rule.make = kMakes.value(word);
  if (rule.make == Make::column)
    read_column(section, rule);
  else
    read_parts(section, earlier, rule);
  return rule;
}

// {difference: [a, b]}
void NumberReader::read_parts(const Section& section, const Names& earlier, NumberRule& rule) {
  const std::string& key = kMakes.word(rule.make);
  for (const std::string& other : section.keys())
    if (other != key) section.unknown(other, {key});
  const ConfigNode* list = section.expect(key, Kind::list, "[one_number, another_number]");
  if (!list) return;
  const bool is_pair = rule.make == Make::difference || rule.make == Make::ratio;
  if (is_pair ? list->children.size() != 2 : list->children.empty())
    section.problem(key, text("found ", list->children.size(),
                              " numbers, allowed: ", is_pair ? "2" : "at least 1"));
  for (const ConfigNode& item : list->children) {
    const std::string word = item.kind == Kind::scalar ? item.written : "";
    if (contains(earlier, word))
      rule.of.push_back(word);
    else
      refuse(section, key, word, earlier);
  }
}

// {column: test_value, model: lru, task: mqar}
void NumberReader::read_column(const Section& section, NumberRule& rule) {
  const OptionMap given = section.values();
  Names files;
  for (const auto& [file, columns] : vocabulary_.columns) files.push_back(file);
  rule.file = given.count("file") ? to_text(given.at("file")) : vocabulary_.file;
  if (!contains(files, rule.file)) return refuse(section, "file", rule.file, files);
  const Names& columns = vocabulary_.columns.at(rule.file);

  const std::string default_name = vocabulary_.column.empty() ? rule.name : vocabulary_.column;
  rule.column = given.count("column") ? to_text(given.at("column")) : default_name;
  if (!contains(columns, rule.column)) refuse(section, "column", rule.column, columns);
  rule.take = choice(section, given, "take", kTakes, Take::only);

  if (const auto other = given.find("predicted_by"); other != given.end()) {
    rule.predicted_by = to_text(other->second);
    if (!contains(columns, "name") || given.count("take") || !given.count("name"))
      section.problem("predicted_by",
                      "belongs to a number with file: diagnostics, a name, no take");
  }

  for (const auto& [key, value] : given) {
    if (contains(kNumberKeys, key)) continue;
    if (!contains(columns, key)) {
      section.unknown(key, columns, kNumberKeys);
      continue;
    }
    const std::string word = to_text(value);
    const auto known = vocabulary_.values.find(key);
    if (known != vocabulary_.values.end() && !contains(known->second, word))
      refuse(section, key, word, known->second);
    rule.where.emplace_back(key, word);
  }
}

std::optional<double> bound(const Section& section, const OptionMap& given,
                            const std::string& key) {
  const auto value = given.find(key);
  if (value == given.end()) return std::nullopt;
  if (const double* number = std::get_if<double>(&value->second)) return *number;
  if (const int64_t* number = std::get_if<int64_t>(&value->second))
    return static_cast<double>(*number);
  section.problem(key, text("found '", to_text(value->second), "', allowed: a number"));
  return std::nullopt;
}

ConditionRule read_condition(const Section& section, const Names& numbers) {
  ConditionRule rule;
  const OptionMap given = section.values();
  for (const std::string& key : section.keys())
    if (!contains(kConditionKeys, key) || key == "any_of") section.unknown(key, kConditionKeys);
  const auto number = given.find("number");
  if (number == given.end())
    section.problem("", "needs a number, one of: " + joined(numbers));
  else if (rule.number = to_text(number->second); !contains(numbers, rule.number))
    refuse(section, "number", rule.number, numbers);
  rule.over = choice(section, given, "seeds", kOvers, Over::mean);
  rule.at_least = bound(section, given, "at_least");
  rule.at_most = bound(section, given, "at_most");
  rule.above = bound(section, given, "above");
  rule.below = bound(section, given, "below");
  const bool has_bound = given.count("at_least") || given.count("at_most") ||
                         given.count("above") || given.count("below");
  if (!has_bound) section.problem("", "needs a bound: at_least, at_most, above or below");
  return rule;
}

}  // namespace

std::vector<NumberRule> read_numbers(const Section& claim, const Vocabulary& vocabulary,
                                     Problems& problems) {
  std::vector<NumberRule> rules;
  const ConfigNode* map = claim.expect("numbers", Kind::map, "{score: {column: test_value}}");
  if (!map) return rules;
  const Section section(*map, "numbers", problems);  // for keys that are given twice
  Names names;
  NumberReader reader(vocabulary, problems);
  for (const ConfigNode& node : map->children) {
    rules.push_back(reader.read(node, names));
    names.push_back(node.key);
  }
  return rules;
}

std::vector<ConditionRule> read_conditions(const Section& claim, const std::string& key,
                                           const std::vector<NumberRule>& numbers,
                                           Problems& problems) {
  std::vector<ConditionRule> rules;
  const ConfigNode* list = claim.expect(key, Kind::list, "[{number: score, at_least: 0.5}]");
  if (!list) return rules;
  if (list->children.empty()) claim.problem(key, "is empty, allowed: at least one condition");
  Names names;
  for (const NumberRule& number : numbers) names.push_back(number.name);
  for (const ConfigNode& node : list->children) {
    const ConfigNode* any_of = node.find("any_of");
    const Section item(node, key, problems);
    if (!any_of) {
      rules.push_back(read_condition(item, names));
      continue;
    }
    for (const std::string& other : item.keys())
      if (other != "any_of") item.unknown(other, {"any_of"});
    any_of = item.expect("any_of", Kind::list, "[{number: score, above: 0.5}, ...]");
    if (!any_of) continue;
    if (any_of->children.empty()) item.problem("any_of", "is empty");
    for (const ConfigNode& alternative : any_of->children) {
      rules.push_back(read_condition(Section(alternative, key + ".any_of", problems), names));
      rules.back().is_alternative = &alternative != &any_of->children.front();
    }
  }
  return rules;
}

const std::vector<std::string>& take_names() { return kTakes.words(); }

const std::vector<std::string>& over_names() { return kOvers.words(); }

}  // namespace longhaul
