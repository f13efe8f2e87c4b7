#include "harness/suite/suite_check.h"

#include <algorithm>
#include <map>

#include "core/hybrid.h"
#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/pretraining.h"
#include "harness/train/objective.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

// What a model makes of a change of it.
OptionCheck changed(const ModelInfo& model, const Settings& settings, const OptionMap& given,
                    const std::string& change) {
  const auto make = [&] { return model.post_hoc(given, {change, kAnyLength, kAnyLength}); };
  OptionCheck check =
      try_plugin(model.origin, text("changing ", model.name, " to ", change), [&] { make(); });
  try {
    if (check.ok()) return check_model(model, settings, kAnyLength, make());
  } catch (const Error& error) {
    check.failure = error.what();
  }
  check.crash += check.failure;
  return check;
}

// Why the trial cannot train on the examples that its settings ask for; "" if it can.
std::string examples_problem(const TrialSpec& spec, const TaskFacts& task) {
  const bool have_end = spec.settings.train_examples > 0 || task.train_examples > 0;
  if (have_end || spec.settings.label_fraction == 1) return "";
  return text("label_fraction: ", spec.task_name,
              " draws training examples without end: set train_examples");
}

}  // namespace

void check_post_hoc(const Suite& suite, const Registry& registry, const Section& file) {
  for (const std::string& change : suite.evaluate.post_hoc) {
    std::vector<std::string> problems;
    const bool known =
        std::any_of(suite.models.begin(), suite.models.end(), [&](const ModelEntry& entry) {
          const ModelInfo model = registry.model(entry.base);
          if (!model.post_hoc) return false;
          const OptionCheck check =
              changed(model, settings_of(suite, entry, {}), entry.options, change);
          for (const OptionProblem& problem : check.problems) problems.push_back(problem.message);
          if (!check.crash.empty()) problems.push_back(check.crash);
          return check.problems.empty() && check.crash.empty();
        });
    if (!known)
      file.problem("evaluate", text("post_hoc: ", change, ": ",
                                    problems.empty() ? "no model of the suite has post-hoc changes"
                                                     : problems.front()));
  }
}

void check_metrics(const Suite& suite, const Registry& registry, const Section& file) {
  for (const std::string& name : suite.metrics) {
    const bool is_of_numbers = registry.metric(name).is_of_numbers;
    const bool suits = std::any_of(
        suite.tasks.begin(), suite.tasks.end(),
        [&](const TaskEntry& task) { return task.facts.is_regression == is_of_numbers; });
    if (!suits)
      file.problem("metrics", text(name, " is of answers that are ",
                                   is_of_numbers ? "real numbers" : "classes",
                                   ", which no task of the suite has"));
  }
}

void check_trials(const Suite& suite, const Registry& registry, const Section& file) {
  Suite once = suite;
  once.seeds.resize(1);
  std::map<std::string, TrialSpec> seen;
  for (const TrialSpec& spec : grid(once, registry)) {
    const auto [first, is_new] = seen.emplace(spec.id(), spec);
    const std::string why = pretraining_problem(spec);
    if (!why.empty())
      file.problem("pretrain", text(spec.model_name, " on ", spec.task_name, ": ", why));
    for (const TaskEntry& task : suite.tasks)
      if (task.name == spec.task_name && task.facts.ok())
        for (const std::string& wrong :
             {answer_problem(spec.settings, task.facts.is_regression, registry),
              examples_problem(spec, task.facts)})
          if (!wrong.empty())
            file.problem("", text(spec.model_name, " on ", spec.task_name, ": ", wrong));
    if (spec.budget.epochs > 0)
      file.problem("budget", text("epochs: ", spec.task_name, " draws training examples without ",
                                  "end: set train_examples, or a budget of steps"));
    if (is_new) continue;
    const TrialSpec& other = first->second;
    file.problem(
        spec.model_name == other.model_name ? "tasks" : "models",
        text(spec.model_name, " on ", spec.task_name, " is the same trial as ", other.model_name,
             " on ", other.task_name, ": entries must differ in an option or setting"));
  }
}

}  // namespace longhaul
