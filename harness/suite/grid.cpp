#include <algorithm>
#include <set>
#include <utility>

#include "harness/suite/check.h"
#include "harness/suite/match.h"
#include "harness/suite/plugin_loader.h"
#include "harness/suite/pretraining.h"
#include "harness/suite/suite.h"
#include "harness/suite/tune.h"
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

std::set<std::string> origins_of(const std::string& model, const Registry& registry) {
  std::set<std::string> origins;
  for (const std::string& mixer : mixers_of(model)) origins.insert(registry.model(mixer).origin);
  return origins;
}

std::string yaml_tune(const Tune& tune) {
  std::string yaml;
  for (const auto& [key, values] : tune)
    yaml += text(yaml.empty() ? "" : ", ", key, ": ", yaml_list(values));
  return yaml.empty() ? yaml : "tune: {" + yaml + "}\n";
}

// The trial with the values of a point, and every option of its model.
TrialSpec at_point(TrialSpec spec, const OptionMap& point, const ModelInfo& info, OptionMap options,
                   int64_t max_length) {
  spec.tuning.values = point;
  spec.settings = settings_at(spec.settings, point);
  for (const auto& [key, value] : options_at(point)) options[key] = value;
  spec.model_options = check_model(info, spec.settings, max_length, options).resolved;
  return spec;
}

// The settings with every value of the suite's axes.
std::vector<Settings> along_axes(const Suite& suite, const Settings& settings) {
  std::vector<Settings> all;
  const auto values = [](const std::vector<std::string>& axis, const std::string& own) {
    return axis.empty() ? std::vector<std::string>{own} : axis;
  };
  for (const std::string& pretrain : values(suite.pretrain, settings.pretrain))
    for (const std::string& loss : values(suite.loss, settings.loss)) {
      all.push_back(settings);
      all.back().pretrain = pretrain;
      all.back().loss = loss;
    }
  return all;
}

}  // namespace

Settings settings_of(const Suite& suite, const ModelEntry& model, const TaskEntry& task) {
  OptionMap given = model.settings;
  given.insert(task.settings.begin(),
               task.settings.end());  // keeps the model's where both have one
  Options options(given);
  Settings settings = read_settings(options, suite.defaults);
  for (const MatchedWidth& matched : suite.matched)
    if (matched.model == model.name && matched.task == task.name)
      settings.d_model = matched.d_model;
  return settings;
}

std::vector<TrialSpec> grid(const Suite& suite, const Registry& registry,
                            const std::vector<OptionMap>& points) {
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
      spec.diagnostics = suite.diagnostics;
      spec.baselines = suite.baselines;
      std::set<std::string> origins = origins_of(row.base, registry);
      origins.insert(registry.task(column.base).origin);
      spec.plugins = plugins_of(origins);
      for (const Settings& settings : along_axes(suite, spec.settings))
        for (const OptionMap& point : points) {
          spec.settings = settings;
          cells.push_back(at_point(spec, point, registry.model(row.base), row.options,
                                   task.task->max_length()));
          cells.back().tuning.trials = static_cast<int64_t>(points.size());
        }
    }
  }

  std::vector<TrialSpec> trials;
  for (const uint64_t seed : suite.seeds)
    for (TrialSpec spec : cells) {
      spec.seed = seed;
      plan_pretraining(spec);
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
