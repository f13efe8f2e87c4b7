#include "harness/settings/option_check.h"

#include <map>

#include "core/hybrid.h"
#include "core/plugin_loader.h"
#include "harness/settings/child_probe.h"
#include "longhaul/error.h"
#include "longhaul/network.h"
#include "support/values.h"

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
    if (!contains(unread, problem.key)) check.problems.push_back(problem);
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

// Why a model may not have these options, or "": in an entry of a suite the name of a setting could
// mean either.
std::string setting_among(const std::vector<OptionInfo>& declared) {
  for (const Setting& setting : setting_table())
    for (const OptionInfo& option : declared)
      if (option.name == setting.name)
        return text("its option '", option.name,
                    "' has the name of a setting: give it another, or ",
                    "read the setting from the context if that has it");
  return "";
}

}  // namespace

OptionCheck try_plugin(const std::string& origin, const std::string& doing,
                       const std::function<void()>& work, double seconds) {
  OptionCheck check;
  if (!is_of_plugin(origin)) return check;
  const ProbeEnd end = try_in_child(work, seconds);
  const std::string who = text("plugin ", origin, ": ", doing);
  if (!end.crash.empty()) check.crash = text(who, " fails: ", end.crash);
  if (end.hangs) check.failure = text(who, " has not come to an end after ", seconds, " s");
  return check;
}

bool supports(const ModelInfo& info, bool causal) {
  return info.direction == Direction::either || (info.direction == Direction::causal) == causal;
}

OptionCheck check_model(const ModelInfo& info, const Settings& settings, int64_t max_length,
                        const OptionMap& given) {
  // Many trials ask for the same.
  static std::map<std::string, OptionCheck> tried;
  std::string key = text(info.origin, ' ', info.name, ' ', settings.d_model, ' ', max_length);
  for (const auto& [option, value] : given) key += '\n' + option + '=' + to_text(value);
  auto known = tried.find(key);
  if (known == tried.end()) {
    const auto try_to_build = [&] {
      Options options(given);
      build(info, settings, max_length, options);
    };
    known =
        tried.emplace(key, try_plugin(info.origin, "building " + info.name, try_to_build)).first;
    known->second.resolved = given;
  }
  if (!known->second.ok()) return known->second;
  Options options(given);
  std::string failure;
  try {
    build(info, settings, max_length, options);
  } catch (const Error& error) {
    failure = error.what();
  }
  OptionCheck check = outcome(options, failure);
  if (check.failure.empty()) check.failure = setting_among(check.declared);
  return check;
}

TaskCheck check_task(const TaskInfo& info, const OptionMap& given) {
  TaskCheck check;
  static_cast<OptionCheck&>(check) = try_plugin(info.origin, "building " + info.name, [&] {
    Options options(given);
    info.make(options);
  });
  check.resolved = given;
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
