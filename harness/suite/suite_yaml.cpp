#include "harness/suite/suite_yaml.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/hybrid.h"
#include "harness/suite/match.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

bool is_plain(const std::string& word) {
  static const char* const reserved[] = {"true", "false", "null", "yes", "no", "on", "off"};
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-'; };
  return !word.empty() && std::isalpha(static_cast<unsigned char>(word[0])) &&
         std::all_of(word.begin(), word.end(), plain) &&
         std::find(std::begin(reserved), std::end(reserved), word) == std::end(reserved);
}

std::string yaml_value(const OptionValue& value) {
  const std::string* word = std::get_if<std::string>(&value);
  return !word || is_plain(*word) ? to_text(value) : nlohmann::json(*word).dump();
}

std::string yaml_budget(const Budget& budget) {
  std::string fields;
  if (budget.steps > 0) fields += text("steps: ", budget.steps);
  const std::pair<const char*, double> others[] = {
      {"seconds", budget.seconds}, {"tokens", budget.tokens}, {"flops", budget.flops}};
  for (const auto& [name, limit] : others)
    if (limit > 0) fields += text(fields.empty() ? "" : ", ", name, ": ", to_text(limit));
  return "{" + fields + "}";
}

template <class T>
std::string yaml_list(const std::vector<T>& items) {
  std::string list;
  for (const T& item : items) list += (list.empty() ? "" : ", ") + yaml_value(item);
  return "[" + list + "]";
}

std::string yaml_evaluate(const Evaluate& evaluate) {
  std::string yaml;
  if (!evaluate.lengths.empty()) yaml += "  lengths: " + yaml_list(evaluate.lengths) + "\n";
  if (!evaluate.post_hoc.empty()) yaml += "  post_hoc: " + yaml_list(evaluate.post_hoc) + "\n";
  if (!evaluate.test_sets.empty()) yaml += "  test_sets: " + yaml_list(evaluate.test_sets) + "\n";
  return yaml.empty() ? yaml : "evaluate:\n" + yaml;
}

std::string yaml_throughput(const ThroughputPlan& plan) {
  std::string lengths, phases;
  for (const int64_t length : plan.lengths) lengths += text(lengths.empty() ? "" : ", ", length);
  for (const Phase phase : plan.phases) phases += (phases.empty() ? "" : ", ") + to_string(phase);
  return text("{lengths: [", lengths, "], phases: [", phases, "], tokens: ", plan.tokens,
              ", repetitions: ", plan.repetitions, "}");
}

template <class Entry>
std::string yaml_row(const Entry& entry, const std::string& kind) {
  const std::vector<std::string> mixers = mixers_of(entry.base);
  std::string row = "  - {name: " + entry.name + ", ";
  row += mixers.size() > 1 ? "mixers: " + yaml_list(mixers) : kind + ": " + entry.base;
  for (const OptionMap* part : {&entry.settings, &entry.options})
    for (const auto& [key, value] : *part) row += ", " + key + ": " + yaml_value(value);
  return row;
}

std::string yaml_tune(const Tune& tune) {
  std::string yaml;
  for (const auto& [key, values] : tune)
    yaml += text(yaml.empty() ? "" : ", ", key, ": ", yaml_list(values));
  return yaml.empty() ? yaml : "tune: {" + yaml + "}\n";
}

}  // namespace

std::string to_yaml(const Suite& suite) {
  std::string seeds;
  for (const uint64_t seed : suite.seeds) seeds += text(seeds.empty() ? "" : ", ", seed);
  std::string yaml =
      text("suite: ", suite.name, "\n", seeds.empty() ? "" : "seeds: [" + seeds + "]\n",
           "retry: {tries: ", suite.retry.tries, ", delay: ", to_text(suite.retry.delay_seconds),
           "}\ndefaults:\n");
  for (const auto& [key, value] : to_options(suite.defaults))
    yaml += "  " + key + ": " + yaml_value(value) + "\n";
  if (suite.match != Match::none) yaml += "match: " + to_string(suite.match) + "\n";
  for (const std::string& line : match_lines(suite)) yaml += "# " + line + "\n";
  if (!suite.pretrain.empty()) yaml += "pretrain: " + yaml_list(suite.pretrain) + "\n";
  if (!suite.loss.empty()) yaml += "loss: " + yaml_list(suite.loss) + "\n";
  if (!suite.diagnostics.empty()) yaml += "diagnostics: " + yaml_list(suite.diagnostics) + "\n";
  if (!suite.baselines.empty()) yaml += "baselines: " + yaml_list(suite.baselines) + "\n";
  yaml += yaml_tune(suite.tune) + yaml_evaluate(suite.evaluate);
  if (!suite.plugins.empty()) {
    yaml += "plugins:\n";
    for (const std::string& path : suite.plugins)
      yaml += "  - " + nlohmann::json(path).dump() + "\n";
  }
  yaml += "models:\n";
  for (const ModelEntry& model : suite.models) yaml += yaml_row(model, "model") + "}\n";
  if (suite.throughput) yaml += "throughput: " + yaml_throughput(*suite.throughput) + "\n";
  if (!suite.tasks.empty()) yaml += "tasks:\n";
  for (const TaskEntry& task : suite.tasks)
    yaml += yaml_row(task, "task") + ", budget: " + yaml_budget(task.budget) + "}\n";
  return yaml;
}

}  // namespace longhaul
