#include <algorithm>
#include <set>
#include <utility>

#include "harness/suite/check.h"
#include "harness/suite/plugin_loader.h"
#include "harness/suite/suite.h"
#include "harness/train/hybrid.h"
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
  if (budget.seconds > 0)
    fields += (fields.empty() ? "" : ", ") + ("seconds: " + to_text(budget.seconds));
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

std::set<std::string> origins_of(const std::string& model, const Registry& registry) {
  std::set<std::string> origins;
  for (const std::string& mixer : mixers_of(model)) origins.insert(registry.model(mixer).origin);
  return origins;
}

}  // namespace

Settings settings_of(const Suite& suite, const ModelEntry& model, const TaskEntry& task) {
  OptionMap given = model.settings;
  given.insert(task.settings.begin(),
               task.settings.end());  // keeps the model's where both have one
  Options options(given);
  return read_settings(options, suite.defaults);
}

std::vector<TrialSpec> grid(const Suite& suite, const Registry& registry) {
  std::vector<TrialSpec> cells;
  for (const TaskEntry& column : suite.tasks) {
    const TaskCheck task = check_task(registry.task(column.base), column.options);
    require(task.ok(), "suite ", suite.name, ": task ", column.name, " cannot be built");
    for (const ModelEntry& row : suite.models) {
      TrialSpec spec;
      spec.suite = suite.name;
      spec.model_name = row.name;
      spec.model = row.base;
      spec.task_name = column.name;
      spec.task = column.base;
      spec.task_options = task.resolved;
      spec.task_version = task.task->version();
      spec.settings = settings_of(suite, row, column);
      spec.budget = column.budget;
      spec.evaluate = suite.evaluate;
      std::set<std::string> origins = origins_of(row.base, registry);
      origins.insert(registry.task(column.base).origin);
      spec.plugins = plugins_of(origins);
      spec.model_options =
          check_model(registry.model(row.base), spec.settings, task.task->max_length(), row.options)
              .resolved;
      cells.push_back(std::move(spec));
    }
  }

  std::vector<TrialSpec> trials;
  for (const uint64_t seed : suite.seeds)
    for (TrialSpec spec : cells) {
      spec.seed = seed;
      trials.push_back(std::move(spec));
    }
  return trials;
}

std::vector<TrialSpec> timed_models(const Suite& suite, const Registry& registry) {
  const ThroughputPlan plan = suite.throughput.value_or(ThroughputPlan());
  const int64_t longest = *std::max_element(plan.lengths.begin(), plan.lengths.end());
  std::vector<TrialSpec> models;
  for (const ModelEntry& row : suite.models) {
    TrialSpec& spec = models.emplace_back();
    spec.suite = suite.name;
    spec.model_name = row.name;
    spec.model = row.base;
    spec.settings = settings_of(suite, row, {});
    spec.model_options =
        check_model(registry.model(row.base), spec.settings, longest, row.options).resolved;
    spec.plugins = plugins_of(origins_of(row.base, registry));
  }
  return models;
}

std::string to_yaml(const Suite& suite) {
  std::string seeds;
  for (const uint64_t seed : suite.seeds) seeds += text(seeds.empty() ? "" : ", ", seed);
  std::string yaml =
      text("suite: ", suite.name, "\n", seeds.empty() ? "" : "seeds: [" + seeds + "]\n",
           "retry: {tries: ", suite.retry.tries, ", delay: ", to_text(suite.retry.delay_seconds),
           "}\ndefaults:\n");
  for (const auto& [key, value] : to_options(suite.defaults))
    yaml += "  " + key + ": " + yaml_value(value) + "\n";
  yaml += yaml_evaluate(suite.evaluate);
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
