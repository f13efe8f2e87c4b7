#include "harness/suite/grid.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/hybrid.h"
#include "core/plugin_loader.h"
#include "harness/data/data_content.h"
#include "harness/settings/option_check.h"
#include "harness/suite/pretraining.h"
#include "harness/suite/tune.h"

namespace longhaul {
namespace {

// Of the model, of what trains it and of what it is measured by.
std::set<std::string> origins_of(const TrialSpec& spec, const Registry& registry) {
  std::set<std::string> origins = {registry.loss(spec.settings.loss).origin,
                                   registry.optimizer(spec.settings.optimizer).origin};
  for (const std::string& mixer : mixers_of(spec.model))
    origins.insert(registry.model(mixer).origin);
  for (const std::string& metric : spec.metrics) origins.insert(registry.metric(metric).origin);
  return origins;
}

OptionMap defaults_of(const OptionCheck& check) {
  OptionMap defaults;
  for (const OptionInfo& option : check.declared) defaults[option.name] = option.default_value;
  return defaults;
}

// The same with epochs as steps, the last batch whole. They stay where examples have no end, which
// check_trials() reports.
Budget in_steps(Budget budget, const Settings& settings, int64_t stored) {
  const int64_t all = settings.train_examples ? settings.train_examples : stored;
  if (budget.epochs == 0 || all == 0) return budget;
  const double examples =
      std::max(std::round(static_cast<double>(all) * settings.label_fraction), 1.0);
  const auto steps = static_cast<int64_t>(
      std::ceil(budget.epochs * examples / static_cast<double>(settings.batch)));
  budget.steps = budget.steps > 0 ? std::min(budget.steps, steps) : steps;
  budget.epochs = 0;
  return budget;
}

// The trial with the values of a point, and every option of its model.
TrialSpec at_point(TrialSpec spec, const OptionMap& point, const ModelInfo& info, OptionMap options,
                   const TaskFacts& task) {
  spec.tuning.values = point;
  spec.settings = settings_at(spec.settings, point);
  spec.budget = in_steps(spec.budget, spec.settings, task.train_examples);
  for (const auto& [key, value] : options_at(point)) options[key] = value;
  const OptionCheck check = check_model(info, spec.settings, task.max_length, options);
  spec.model_options = check.resolved;
  spec.model_defaults = defaults_of(check);
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
    const TaskFacts& task = column.facts;
    for (const ModelEntry& row : suite.models) {
      TrialSpec spec;
      spec.suite = suite.name;
      spec.model_name = row.name;
      spec.model = row.base;
      spec.task_name = column.name;
      spec.task = column.base;
      spec.task_options = task.resolved;
      spec.task_defaults = defaults_of(task);
      spec.task_data = contents_of(task.declared, task.resolved);
      spec.task_version = task.version;
      spec.settings = settings_of(suite, row, column);
      spec.budget = column.budget;
      spec.evaluate = suite.evaluate;
      spec.diagnostics = suite.diagnostics;
      spec.baselines = suite.baselines;
      for (const std::string& metric : suite.metrics)
        if (registry.metric(metric).is_of_numbers == task.is_regression)
          spec.metrics.push_back(metric);
      for (const Settings& settings : along_axes(suite, spec.settings))
        for (const OptionMap& point : points) {
          spec.settings = settings;
          cells.push_back(at_point(spec, point, registry.model(row.base), row.options, task));
          cells.back().tuning.trials = static_cast<int64_t>(points.size());
          std::set<std::string> origins = origins_of(cells.back(), registry);
          origins.insert(registry.task(column.base).origin);
          cells.back().plugins = plugins_of(origins);
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
    spec.plugins = plugins_of(origins_of(spec, registry));
  }
  return models;
}

}  // namespace longhaul
