#include "harness/suite/check.h"

#include "harness/suite/section.h"
#include "longhaul/error.h"

namespace longhaul {
namespace {

// A constructor that threw may have left options unread, so unread ones are unknown only without.
OptionCheck outcome(const Options& options, std::string failure) {
  OptionCheck check;
  check.declared = options.declared();
  check.resolved = options.resolved();
  check.failure = std::move(failure);
  for (const OptionProblem& problem : options.problems()) {
    if (check.resolved.count(problem.key) || problem.key.empty())
      check.problems.push_back(problem);
    else if (check.failure.empty())
      check.unknown.push_back(problem.key);
  }
  return check;
}

}  // namespace

bool supports(const ModelInfo& info, bool causal) {
  return info.direction == Direction::either || (info.direction == Direction::causal) == causal;
}

OptionCheck check_model(const ModelInfo& info, const Settings& settings, int64_t max_length,
                        const OptionMap& given) {
  Options options(given);
  std::string failure;
  try {
    std::vector<Parameter> parameters;
    const bool causal = supports(info, settings.causal) ? settings.causal : !settings.causal;
    MixerContext context(settings.d_model, max_length, causal, 0, "block.0.mixer.", options,
                         parameters);
    info.make(context);
  } catch (const Error& error) {
    failure = error.what();
  }
  return outcome(options, failure);
}

TaskCheck check_task(const TaskInfo& info, const OptionMap& given) {
  Options options(given);
  TaskCheck check;
  std::string failure;
  try {
    check.task = info.make(options);
  } catch (const Error& error) {
    failure = error.what();
  }
  static_cast<OptionCheck&>(check) = outcome(options, failure);
  if (!check.ok()) check.task.reset();
  return check;
}

OptionMap read_assignments(const std::vector<std::string>& assignments) {
  ConfigNode given;
  Problems problems;
  for (const std::string& assignment : assignments) apply_override(given, assignment, problems);
  OptionMap options = Section(given, "", problems).values();
  problems.check();
  return options;
}

TaskCheck build_task(const TaskInfo& info, const std::vector<std::string>& assignments) {
  ConfigNode given;
  given.place = {info.name, 0};
  Problems problems;
  for (const std::string& assignment : assignments) apply_override(given, assignment, problems);
  const Section section(given, "", problems);
  TaskCheck check = check_task(info, section.values());
  section.report(check);
  problems.check();
  return check;
}

}  // namespace longhaul
