#include "harness/settings/option_check.h"

#include <algorithm>
#include <functional>
#include <map>

#include "core/hybrid.h"
#include "core/plugin_loader.h"
#include "harness/settings/child_probe.h"
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

// What a child process says of building something of a plugin with these options: once, since many
// trials ask for the same.
OptionCheck probed(const std::string& origin, const std::string& name, const OptionMap& given,
                   const std::function<void()>& build) {
  constexpr double kSeconds = 60;
  static std::map<std::string, ProbeEnd> known;
  OptionCheck check;
  if (!is_of_plugin(origin)) return check;
  std::string key = name;
  for (const auto& [option, value] : given) key += '\n' + option + '=' + to_text(value);
  auto found = known.find(key);
  if (found == known.end()) found = known.emplace(key, try_in_child(build, kSeconds)).first;
  check.crash = found->second.crash;
  if (found->second.hangs)
    check.failure =
        text("plugin ", origin, ": still at work on building it after ", kSeconds, " s");
  check.resolved = given;
  return check;
}

}  // namespace

bool supports(const ModelInfo& info, bool causal) {
  return info.direction == Direction::either || (info.direction == Direction::causal) == causal;
}

OptionCheck check_model(const ModelInfo& info, const Settings& settings, int64_t max_length,
                        const OptionMap& given) {
  const OptionCheck probe =
      probed(info.origin, text(info.name, ' ', settings.d_model, ' ', max_length), given, [&] {
        Options tried(given);
        build(info, settings, max_length, tried);
      });
  if (!probe.ok()) return probe;
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
  TaskCheck check;
  static_cast<OptionCheck&>(check) = probed(info.origin, info.name, given, [&] {
    Options tried(given);
    info.make(tried);
  });
  if (!check.ok()) return check;
  Options options(given);
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

}  // namespace longhaul
