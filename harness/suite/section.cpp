#include "harness/suite/section.h"

#include <algorithm>
#include <map>

#include "harness/suite/read_list.h"
#include "longhaul/error.h"
#include "support/choices.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;
using Names = std::vector<std::string>;

// Names stand in CSV cells, folder names and --set paths.
bool well_formed(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
}

}  // namespace

Section::Section(const ConfigNode& node, std::string path, Problems& problems)
    : node_(&node), path_(std::move(path)), problems_(&problems) {
  if (node.kind != Kind::map && node.kind != Kind::null)
    problems_->add(node.place, path_, "expected a map of keys, " + found_text(node));
  if (node.kind != Kind::map) return;
  std::map<std::string, Place> first;
  for (const ConfigNode& child : node.children) {
    const auto [seen, is_new] = first.emplace(child.key, child.place);
    if (!is_new) problem(child.key, text("given twice, first on line ", seen->second.line));
  }
}

std::vector<std::string> Section::keys() const {
  std::vector<std::string> keys;
  if (node_->kind == Kind::map)  // the children of a list have no key
    for (const ConfigNode& child : node_->children) keys.push_back(child.key);
  return keys;
}

std::string Section::path_to(const std::string& key) const {
  return path_.empty() || key.empty() ? path_ + key : path_ + "." + key;
}

void Section::problem(const std::string& key, const std::string& message) const {
  const ConfigNode* child = node_->find(key);
  problems_->add(child ? child->place : node_->place, path_to(key), message);
}

void Section::unknown(const std::string& key, const Names& known, const Names& also) const {
  problem(key, "unknown key" + nearest_and_known(key, known, also));
}

void Section::report(const Options& options) const {
  const Names known = names_of(options.declared());
  for (const OptionProblem& wrong : options.problems())
    if (contains(known, wrong.key))
      problem(wrong.key, wrong.message);
    else
      unknown(wrong.key, known);
}

void Section::report(const OptionCheck& check, const Names& also) const {
  const Names known = names_of(check.declared);
  Names near = also;  // "lru.state" may be given as "state"
  for (const std::string& name : known)
    if (name.find('.') != std::string::npos) near.push_back(name.substr(name.find('.') + 1));
  for (const OptionProblem& wrong : check.problems) problem(wrong.key, wrong.message);
  for (const std::string& key : check.unknown) unknown(key, known, near);
  if (!check.failure.empty()) problem("", check.failure);
}

const ConfigNode* Section::expect(const std::string& key, Kind kind,
                                  const std::string& example) const {
  const ConfigNode* node = find(key);
  if (node && node->kind == kind) return node;
  if (node)
    problem(key, text("expected ", to_text(kind), " such as ", example, ", ", found_text(*node)));
  else
    problem(key, text("is missing, such as ", key, ": ", example));
  return nullptr;
}

OptionMap Section::values(const Names& elsewhere) const {
  OptionMap values;
  if (node_->kind != Kind::map) return values;
  for (const ConfigNode& child : node_->children) {
    if (contains(elsewhere, child.key)) continue;
    if (child.kind == Kind::scalar)
      values[child.key] = child.scalar;
    else
      problem(child.key, "expected a single value, " + found_text(child));
  }
  return values;
}

OptionMap Section::group(const std::string& key) const {
  OptionMap values;
  for (const auto& [name, value] : section(key).values()) values[key + "." + name] = value;
  return values;
}

std::string Section::name(const std::string& key) const {
  const ConfigNode& node = *find(key);
  const std::string name = node.kind == Kind::scalar ? node.written : "";
  if (well_formed(name)) return name;
  problem(key, found_text(node) + ", allowed: a name of letters, digits, '_' and '-'");
  return "";
}

Section Section::section(const std::string& key) const {
  return Section(*find(key), path_to(key), *problems_);
}

const std::vector<Field<Budget>>& budget_fields() {
  using Integer = Field<Budget>::Integer;
  using Number = Field<Budget>::Number;
  static const std::vector<Field<Budget>> fields = {
      {"steps", Integer{&Budget::steps, 1}, "training steps of a trial"},
      {"epochs", Number{&Budget::epochs, 1e-6},
       "passes over the training examples, of which there must be so many: files or "
       "train_examples"},
      {"seconds", Number{&Budget::seconds, 0.001}, "training time of a trial"},
      {"tokens", Number{&Budget::tokens, 1}, "training tokens of a trial, without padding"},
      {"flops", Number{&Budget::flops, 1}, "counted operations of a trial's training steps"},
  };
  return fields;
}

const std::vector<Field<Retry>>& retry_fields() {
  using F = Field<Retry>;
  static const std::vector<F> fields = {
      {"tries", F::Integer{&Retry::tries, 1, 100}, "tries of a trial that crashes"},
      {"delay", F::Duration{&Retry::delay_seconds}, "wait before the second try"},
  };
  return fields;
}

Budget read_budget(const Section& section) {
  const Budget budget = read_section(section, budget_fields(), Budget());
  const Names limits = names_of(budget_fields());
  if (std::none_of(limits.begin(), limits.end(),
                   [&](const std::string& limit) { return section.find(limit); }))
    section.problem("", "needs a limit: steps, epochs, seconds, tokens or flops");
  return budget;
}

Retry read_retry(const Section& section) { return read_section(section, retry_fields(), Retry()); }

Settings read_defaults(const Section& section, const Registry& registry) {
  return read_section(section, setting_table(registry), Settings());
}

std::vector<std::string> read_names(const Section& suite, const std::string& key,
                                    const std::string& example, const Names& known) {
  std::string allowed;
  for (const std::string& name : known) allowed += (allowed.empty() ? "" : ", ") + name;
  const auto take = [](const OptionValue& given, std::string& name) {
    name = to_text(given);
    return true;
  };
  const Names given = read_list<std::string>(suite, key, example, allowed, take);
  for (const std::string& name : given)
    if (!contains(known, name))
      suite.problem(key, text("found '", name, "', allowed: ", allowed, did_you_mean(name, known)));
  Names sorted;
  for (const std::string& name : known)
    if (contains(given, name)) sorted.push_back(name);
  return sorted;
}

std::vector<std::string> read_axis(const Section& suite, const std::string& key,
                                   const Registry& registry) {
  const ConfigNode* node = suite.find(key);
  if (!node) return {};
  const auto take = [&](const OptionValue& given, std::string& value) {
    Options options({{key, given}});
    read_settings(options, {}, registry);
    for (const OptionProblem& wrong : options.problems()) suite.problem(key, wrong.message);
    value = to_text(given);
    return true;
  };
  if (node->kind == Kind::list)
    return read_list<std::string>(suite, key, "[none, masked]", "values of the setting", take);
  std::string value;
  if (node->kind == Kind::scalar && take(node->scalar, value)) return {value};
  suite.problem(key, "expected a value or a list of values, " + found_text(*node));
  return {};
}

std::vector<std::string> setting_names() { return names_of(setting_table()); }

}  // namespace longhaul
