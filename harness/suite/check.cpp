#include "harness/suite/check.h"

#include <algorithm>

#include "harness/suite/section.h"
#include "harness/train/hybrid.h"
#include "longhaul/error.h"
#include "longhaul/network.h"

namespace longhaul {
namespace {

// A constructor that threw may have left options unread, so unread ones are unknown only without.
OptionCheck outcome(const Options& options, std::string failure) {
  OptionCheck check;
  check.declared = options.declared();
  check.resolved = options.resolved();
  check.failure = std::move(failure);
  const std::vector<std::string> unread = options.unread();
  for (const OptionProblem& problem : options.problems())
    if (std::find(unread.begin(), unread.end(), problem.key) == unread.end())
      check.problems.push_back(problem);
  if (check.failure.empty()) check.unknown = unread;
  return check;
}

// The network, or the first block of each mixer.
void build(const ModelInfo& info, const Settings& settings, int64_t max_length, Options& options) {
  std::vector<Parameter> parameters;
  const bool causal = supports(info, settings.causal) ? settings.causal : !settings.causal;
  if (info.make_network) {
    const TaskShape task{.vocab = 2, .classes = 2, .max_length = max_length};
    NetworkContext context(task, settings.d_model, settings.layers, causal, settings.pooling, 0,
                           options, parameters);
    info.make_network(context);
    return;
  }
  for (std::size_t layer = 0; layer < mixers_of(info.name).size(); ++layer) {
    MixerContext context(settings.d_model, max_length, causal, 0, text("block.", layer, ".mixer."),
                         options, parameters, static_cast<int64_t>(layer), settings.layers);
    info.make(context);
  }
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
    build(info, settings, max_length, options);
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
  const Section section(given, "", problems);
  std::vector<std::string> groups;  // "lru.state=4" of a hybrid
  for (const ConfigNode& node : given.children)
    if (node.kind == ConfigNode::Kind::map) groups.push_back(node.key);
  OptionMap options = section.values(groups);
  for (const std::string& group : groups) options.merge(section.group(group));
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
