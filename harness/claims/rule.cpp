#include "harness/claims/rule.h"

#include <cmath>

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
const EnumNames<Make> kMakes = {{Make::examples_to, "examples_to"},
                                {Make::least, "least"},
                                {Make::difference, "difference"},
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

  NumberRule read(const ConfigNode& node, const std::vector<NumberRule>& earlier);

 private:
  void read_names(const Section& section, const std::string& key, const Names& earlier,
                  NumberRule& rule);
  void read_parts(const Section& section, const Names& earlier, NumberRule& rule);
  void read_least(const Section& section, const std::vector<NumberRule>& earlier, NumberRule& rule);
  void read_examples_to(const Section& section, NumberRule& rule);
  void read_column(const Section& section, NumberRule& rule);
  void read_selectors(const Section& section, const OptionMap& given, const Names& keys,
                      NumberRule& rule);

  const Vocabulary& vocabulary_;
  Problems& problems_;
};

std::optional<double> bound(const Section& section, const OptionMap& given,
                            const std::string& key) {
  const auto value = given.find(key);
  if (value == given.end()) return std::nullopt;
  if (const double* number = std::get_if<double>(&value->second); number && std::isfinite(*number))
    return *number;
  if (const int64_t* number = std::get_if<int64_t>(&value->second))
    return static_cast<double>(*number);
  section.problem(key, text("found '", to_text(value->second), "', allowed: a number"));
  return std::nullopt;
}

double needed_number(const Section& section, const OptionMap& given, const std::string& key,
                     const char* example) {
  if (const std::optional<double> found = bound(section, given, key)) return *found;
  if (!given.count(key)) section.problem(key, text("is missing, such as ", key, ": ", example));
  return 0;
}

NumberRule NumberReader::read(const ConfigNode& node, const std::vector<NumberRule>& before) {
  Names earlier;
  for (const NumberRule& one : before) earlier.push_back(one.name);
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
  else if (rule.make == Make::examples_to)
    read_examples_to(section, rule);
  else if (rule.make == Make::least)
    read_least(section, before, rule);
  else
    read_parts(section, earlier, rule);
  return rule;
}

// {difference: [a, b]}
void NumberReader::read_parts(const Section& section, const Names& earlier, NumberRule& rule) {
  const std::string& key = kMakes.word(rule.make);
  for (const std::string& other : section.keys())
    if (other != key) section.unknown(other, {key});
  read_names(section, key, earlier, rule);
}

void NumberReader::read_names(const Section& section, const std::string& key, const Names& earlier,
                              NumberRule& rule) {
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

// {least: layers, of: [one_layer, two_layers], reaches: 0.9, otherwise: 4}
void NumberReader::read_least(const Section& section, const std::vector<NumberRule>& before,
                              NumberRule& rule) {
  const Names keys = {"least", "of", "reaches", "otherwise"};
  for (const std::string& other : section.keys())
    if (!contains(keys, other)) section.unknown(other, keys);
  Names earlier;
  for (const NumberRule& one : before) earlier.push_back(one.name);
  read_names(section, "of", earlier, rule);
  const OptionMap given = section.values({"of"});
  if (const auto option = given.find("least"); option != given.end())
    rule.option = to_text(option->second);
  rule.reaches = needed_number(section, given, "reaches", "0.9");
  rule.otherwise = bound(section, given, "otherwise");
  for (const std::string& name : rule.of)
    for (const NumberRule& part : before) {
      if (part.name != name) continue;
      const std::optional<double> value = vocabulary_.option_of(part, rule.option);
      if (!value)
        section.problem("least",
                        text("found '", rule.option, "', allowed: an option or setting ",
                             "that the model, task or case of ", name, " sets to a number"));
      rule.option_values.push_back(value.value_or(0));
    }
}

// {examples_to: 0.95, model: lru, task: mqar}
void NumberReader::read_examples_to(const Section& section, NumberRule& rule) {
  if (!vocabulary_.columns.count("curves"))
    return section.problem("examples_to", "is of a suite, which this claim does not have");
  const OptionMap given = section.values();
  rule.file = "curves";
  rule.reaches = needed_number(section, given, "examples_to", "0.95");
  if (rule.reaches <= 0 || rule.reaches > 1)
    section.problem("examples_to", text("found ", rule.reaches, ", allowed: above 0, at most 1"));
  read_selectors(section, given, {"examples_to"}, rule);
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

  read_selectors(section, given, kNumberKeys, rule);
}

// Columns of the number's file, and what they must hold.
void NumberReader::read_selectors(const Section& section, const OptionMap& given, const Names& keys,
                                  NumberRule& rule) {
  const Names& columns = vocabulary_.columns.at(rule.file);
  for (const auto& [key, value] : given) {
    if (contains(keys, key)) continue;
    if (!contains(columns, key)) {
      section.unknown(key, columns, keys);
      continue;
    }
    const std::string word = to_text(value);
    const auto known = vocabulary_.values.find(key);
    if (known != vocabulary_.values.end() && !contains(known->second, word))
      refuse(section, key, word, known->second);
    rule.where.emplace_back(key, word);
  }
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
  NumberReader reader(vocabulary, problems);
  for (const ConfigNode& node : map->children) rules.push_back(reader.read(node, rules));
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
