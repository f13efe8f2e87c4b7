#include "harness/suite/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/results/store.h"
#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/read_list.h"
#include "harness/suite/section.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

bool is_setting(const std::string& key) {
  static const std::vector<std::string> names = setting_names();
  return contains(names, key);
}

TrialSpec as_candidate(TrialSpec spec) {
  spec.tuning.is_candidate = true;
  return spec;
}

std::string to_words(const OptionMap& values) {
  std::string words;
  for (const auto& [key, value] : values)
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", key, to_text(value));
  return words;
}

// The options that every model of the suite has.
std::vector<std::string> common_options(const Suite& suite, const Registry& registry) {
  std::vector<std::string> common;
  for (const ModelEntry& row : suite.models) {
    std::vector<std::string> own;
    for (const OptionInfo& option :
         check_model(registry.model(row.base), settings_of(suite, row, {}), kAnyLength, row.options)
             .declared)
      own.push_back(option.name);
    if (&row == &suite.models.front()) common = own;
    std::erase_if(common, [&](const std::string& name) { return !contains(own, name); });
  }
  return common;
}

std::string unknown_message(const std::string& key, const std::vector<std::string>& options) {
  std::vector<std::string> candidates = setting_names();
  candidates.insert(candidates.end(), options.begin(), options.end());
  return fmt::format("is no setting and no option of every model{}; allowed: settings{}{}",
                     did_you_mean(key, candidates), options.empty() ? "" : " and the options ",
                     fmt::join(options, ", "));
}

OptionCheck check_at(const Suite& suite, const ModelEntry& row, const TaskEntry& column,
                     const OptionMap& point, const Registry& registry) {
  OptionMap options = row.options;
  for (const auto& [key, value] : options_at(point)) options[key] = value;
  return check_model(registry.model(row.base), settings_at(settings_of(suite, row, column), point),
                     kAnyLength, options);
}

}  // namespace

Tune read_value_lists(const Section& section, const std::string& example) {
  Tune tune;
  if (section.keys().empty()) section.problem("", "is empty, such as " + example);
  for (const std::string& key : section.keys()) {
    std::vector<OptionValue> values =
        read_list<OptionValue>(section, key, "[1e-3, 3e-3]", "single values",
                               [](const OptionValue& given, OptionValue& value) {
                                 value = given;
                                 return true;
                               });
    const ConfigNode* list = section.find(key);
    if (list->kind == ConfigNode::Kind::list && list->children.empty())
      section.problem(key, "is empty, allowed: at least one value");
    tune.emplace_back(key, std::move(values));
  }
  return tune;
}

std::vector<OptionMap> tuning_points(const Tune& tune) {
  std::vector<OptionMap> points = {{}};
  for (const auto& [key, values] : tune) {
    std::vector<OptionMap> longer;
    for (const OptionMap& point : points)
      for (const OptionValue& value : values) {
        longer.push_back(point);
        longer.back()[key] = value;
      }
    points = std::move(longer);
  }
  return points;
}

Settings settings_at(const Settings& settings, const OptionMap& point) {
  OptionMap given = point;
  std::erase_if(given, [](const auto& entry) { return !is_setting(entry.first); });
  Options options(given);
  return read_settings(options, settings);
}

OptionMap options_at(const OptionMap& point) {
  OptionMap options = point;
  std::erase_if(options, [](const auto& entry) { return is_setting(entry.first); });
  return options;
}

std::vector<TrialSpec> tuning_trials(const Suite& suite, const Registry& registry) {
  Suite first = suite;
  first.seeds.resize(1);
  std::vector<TrialSpec> trials;
  for (const TrialSpec& spec : grid(first, registry, tuning_points(suite.tune)))
    trials.push_back(as_candidate(spec));
  return trials;
}

Tuned choose_settings(const Suite& suite, const Registry& registry,
                      const std::filesystem::path& out) {
  const std::size_t points = tuning_points(suite.tune).size();
  // The points of a cell lie side by side, and seeds outermost.
  const std::vector<TrialSpec> all = grid(suite, registry, tuning_points(suite.tune));
  const std::size_t cells = all.size() / points / suite.seeds.size();

  Tuned tuned;
  std::vector<std::size_t> chosen;
  std::vector<std::size_t> counted;  // settings of each cell that were tried to their end
  for (std::size_t cell = 0; cell < cells; ++cell) {
    std::size_t best = 0;
    std::optional<double> highest;
    std::size_t tried = 0;
    std::vector<std::string> failed;
    for (std::size_t point = 0; point < points; ++point) {
      const TrialSpec candidate = as_candidate(all[cell * points + point]);
      const std::optional<TrialRecord> record = read_record(out / "trials" / candidate.id());
      const bool counts =
          record && (record->status == Status::ok || record->status == Status::diverged);
      tried += counts;
      if (!counts)
        failed.push_back(
            fmt::format("  not tried to its end: {}: {}", to_words(candidate.tuning.values),
                        record ? fmt::format("{} ({})", to_string(record->status), record->message)
                               : "it has no record"));
      if (!counts || record->status != Status::ok || record->evaluations.empty()) continue;
      const double score = record->evaluations.front().validation;
      if (std::isnan(score) || (highest && score <= *highest)) continue;
      highest = score;
      best = point;
    }
    chosen.push_back(best);
    counted.push_back(tried);
    const TrialSpec& choice = all[cell * points + best];
    tuned.choices.push_back(fmt::format(
        "tuned {} on {}: {} ({} of {} settings{})", choice.model_name, choice.task_name,
        to_words(choice.tuning.values),
        highest ? fmt::format("validation {:.3f}, best", *highest) : "none went well, first",
        points, tried < points ? fmt::format(", {} tried to their end", tried) : ""));
    tuned.choices.insert(tuned.choices.end(), failed.begin(), failed.end());
  }
  for (std::size_t seed = 0; seed < suite.seeds.size(); ++seed)
    for (std::size_t cell = 0; cell < cells; ++cell) {
      tuned.trials.push_back(all[(seed * cells + cell) * points + chosen[cell]]);
      tuned.trials.back().tuning.trials = static_cast<int64_t>(counted[cell]);
    }
  return tuned;
}

std::vector<TuneProblem> check_tune(const Suite& suite, const Registry& registry) {
  std::vector<TuneProblem> problems;
  const std::vector<std::string> common = common_options(suite, registry);
  for (const auto& [key, values] : suite.tune)
    if (!is_setting(key) && !contains(common, key))
      problems.push_back({key, unknown_message(key, common)});
    else if (key == "d_model" && suite.match != Match::none)
      problems.push_back({key, "is what match solves for"});
  if (!problems.empty()) return problems;

  const auto add = [&](const OptionMap& point, const std::string& key, const std::string& message) {
    const bool is_tuned = point.count(key);
    const TuneProblem problem{is_tuned ? key : "",
                              is_tuned ? message : to_words(point) + ": " + message};
    for (const TuneProblem& other : problems)
      if (other.key == problem.key && other.message == problem.message) return;
    problems.push_back(problem);
  };
  for (const OptionMap& point : tuning_points(suite.tune)) {
    OptionMap settings = point;
    for (const auto& [key, value] : options_at(point)) settings.erase(key);
    Options given(settings);
    read_settings(given, {}, registry);
    for (const OptionProblem& problem : given.problems()) add(point, problem.key, problem.message);
    for (const ModelEntry& row : suite.models)
      for (const TaskEntry& column : suite.tasks) {
        const OptionCheck check = check_at(suite, row, column, point, registry);
        for (const OptionProblem& problem : check.problems)
          add(point, problem.key, row.name + ": " + problem.message);
        if (!check.failure.empty()) add(point, "", row.name + ": " + check.failure);
      }
  }
  return problems;
}

}  // namespace longhaul
