#include "harness/suite/section.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "harness/suite/read_list.h"
#include "longhaul/error.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

using Kind = ConfigNode::Kind;
using Names = std::vector<std::string>;

const Names kSuiteKeys = {"suite",    "seeds",    "root_seed",  "budget",      "match",    "tune",
                          "pretrain", "loss",     "retry",      "defaults",    "models",   "tasks",
                          "plugins",  "evaluate", "throughput", "diagnostics", "baselines"};
const Names kThroughputKeys = {"lengths", "phases", "tokens", "repetitions"};
const Names kModelKeys = {"name", "model", "mixers"};
const Names kTaskKeys = {"name", "task", "budget"};

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Names names_of(const std::vector<OptionInfo>& infos) {
  Names names;
  for (const OptionInfo& info : infos) names.push_back(info.name);
  return names;
}

// Names stand in CSV cells, folder names and --set paths.
bool well_formed(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
}

std::string found(const ConfigNode& node) {
  if (node.kind == Kind::scalar) return text("found '", to_text(node.scalar), "'");
  return text("found ", to_text(node.kind));
}

Budget declare_budget(Options& options) {
  Budget budget;
  budget.steps = options.integer("steps", 0, "training steps of a trial", 1);
  budget.seconds = options.number("seconds", 0, "training time of a trial", 0.001);
  budget.tokens = options.number("tokens", 0, "training tokens of a trial, without padding", 1);
  budget.flops = options.number("flops", 0, "counted operations of a trial's training steps", 1);
  return budget;
}

// "2s", "500ms", "1.5m", "1h" or a number of seconds; negative if it is none of these.
double seconds_from(const std::string& duration) {
  static const std::map<std::string, double> units = {
      {"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {"h", 3600}};
  const char* end = duration.data() + duration.size();
  double count = 0;
  const auto [rest, error] = std::from_chars(duration.data(), end, count);
  if (error != std::errc()) return -1;
  const auto unit = units.find(std::string(rest, end));
  return unit == units.end() ? -1 : count * unit->second;
}

Retry declare_retry(Options& options) {
  Retry retry;
  retry.tries = options.integer("tries", retry.tries, "tries of a trial that crashes", 1, 100);
  const std::string delay = options.text("delay", "2s", "wait before the second try");
  retry.delay_seconds = seconds_from(delay);
  if (!(retry.delay_seconds >= 0 && retry.delay_seconds <= 86400))
    options.problem("delay", text("found '", delay, "', allowed: a time such as 500ms, 2s or 1m"));
  return retry;
}

template <class Declare>
Names declared_by(Declare declare) {
  Options options;
  declare(options);
  return names_of(options.declared());
}

}  // namespace

Section::Section(const ConfigNode& node, std::string path, Problems& problems)
    : node_(&node), path_(std::move(path)), problems_(&problems) {
  if (node.kind != Kind::map && node.kind != Kind::null)
    problems_->add(node.place, path_, "expected a map of keys, " + found(node));
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
    problem(key, text("expected ", to_text(kind), " such as ", example, ", ", found(*node)));
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
      problem(child.key, "expected a single value, " + found(child));
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
  const std::string name = node.kind == Kind::scalar ? to_text(node.scalar) : "";
  if (well_formed(name)) return name;
  problem(key, found(node) + ", allowed: a name of letters, digits, '_' and '-'");
  return "";
}

Section Section::section(const std::string& key) const {
  return Section(*find(key), path_to(key), *problems_);
}

Budget read_budget(const Section& section) {
  Options options(section.values());
  const Budget budget = declare_budget(options);
  section.report(options);
  const Names limits = declared_by(declare_budget);
  if (std::none_of(limits.begin(), limits.end(),
                   [&](const std::string& limit) { return section.find(limit); }))
    section.problem("", "needs a limit: steps, seconds, tokens or flops");
  return budget;
}

Retry read_retry(const Section& section) {
  Options options(section.values());
  const Retry retry = declare_retry(options);
  section.report(options);
  return retry;
}

Settings read_defaults(const Section& section) {
  Options options(section.values());
  const Settings defaults = read_settings(options);
  section.report(options);
  return defaults;
}

std::vector<std::string> read_axis(const Section& suite, const std::string& key) {
  const ConfigNode* node = suite.find(key);
  if (!node) return {};
  const auto take = [&](const OptionValue& given, std::string& value) {
    Options options({{key, given}});
    read_settings(options);
    for (const OptionProblem& wrong : options.problems()) suite.problem(key, wrong.message);
    value = to_text(given);
    return true;
  };
  if (node->kind == Kind::list)
    return read_list<std::string>(suite, key, "[none, masked]", "values of the setting", take);
  std::string value;
  if (node->kind == Kind::scalar && take(node->scalar, value)) return {value};
  suite.problem(key, "expected a value or a list of values, " + found(*node));
  return {};
}

std::vector<std::string> setting_names() {
  return declared_by([](Options& options) { read_settings(options); });
}

std::map<std::string, std::vector<std::string>> suite_keys() {
  return {{"suite", kSuiteKeys},
          {"model", kModelKeys},
          {"task", kTaskKeys},
          {"budget", declared_by(declare_budget)},
          {"retry", declared_by(declare_retry)},
          {"defaults", setting_names()},
          {"throughput", kThroughputKeys}};
}

}  // namespace longhaul
