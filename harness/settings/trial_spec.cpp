#include "harness/settings/trial_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/choices.h"
#include "support/hash.h"
#include "support/json_fields.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

using nlohmann::json;

void check_names(const std::string& key, const std::vector<std::string>& names,
                 const std::vector<std::string>& known) {
  for (const std::string& name : names)
    require(std::find(known.begin(), known.end(), name) != known.end(), key, ": unknown name '",
            name, "'", nearest_and_known(name, known));
}

}  // namespace

const std::vector<std::string>& extra_baselines() {
  static const std::vector<std::string> names = {"bag_of_tokens"};
  return names;
}

template <>
inline constexpr auto json_fields<PluginFile> =
    std::tuple{field("path", &PluginFile::path), field("content", &PluginFile::content)};

// Limits that are not set are left out: the id of a trial does not change with what it may have.
template <>
inline constexpr auto json_fields<Budget> =
    std::tuple{field("steps", &Budget::steps), field("seconds", &Budget::seconds),
               field<Key::unless_default>("tokens", &Budget::tokens),
               field<Key::unless_default>("flops", &Budget::flops)};

template <>
inline constexpr auto json_fields<Evaluate> =
    std::tuple{field("lengths", &Evaluate::lengths), field("post_hoc", &Evaluate::post_hoc),
               field("test_sets", &Evaluate::test_sets)};

template <>
inline constexpr auto json_fields<Tuning> =
    std::tuple{field("trials", &Tuning::trials), field("is_candidate", &Tuning::is_candidate),
               field("values", &Tuning::values)};

template <>
inline constexpr auto json_fields<TrialSpec> =
    std::tuple{field("suite", &TrialSpec::suite),
               field("model_name", &TrialSpec::model_name),
               field("model", &TrialSpec::model),
               field("model_options", &TrialSpec::model_options),
               field("task_name", &TrialSpec::task_name),
               field("task", &TrialSpec::task),
               field("task_options", &TrialSpec::task_options),
               field("task_version", &TrialSpec::task_version),
               field("settings", &TrialSpec::settings),
               field("budget", &TrialSpec::budget),
               field("evaluate", &TrialSpec::evaluate),
               field<Key::unless_default>("diagnostics", &TrialSpec::diagnostics),
               field<Key::unless_default>("baselines", &TrialSpec::baselines),
               field<Key::newer>("tuning", &TrialSpec::tuning),
               field("seed", &TrialSpec::seed),
               field("is_pretraining", &TrialSpec::is_pretraining),
               field("pretrained", &TrialSpec::pretrained),
               field("plugins", &TrialSpec::plugins)};

static json json_of(const Settings& settings) { return json_of(to_options(settings)); }

static void read_json(const json& found, const std::string& path, Settings& settings) {
  Options options(from_json<OptionMap>(found));
  settings = read_settings(options);
  options.check(path);
}

json to_json(const TrialSpec& spec) { return json_of(spec); }

TrialSpec trial_from_json(const json& object) {
  try {
    TrialSpec spec = from_json<TrialSpec>(object);
    check_names("baselines", spec.baselines, extra_baselines());
    return spec;
  } catch (const Error& error) {
    throw Error(text("trial: ", error.what()));
  }
}

std::string TrialSpec::id() const {
  json outcome = to_json(*this);
  for (const char* name : {"suite", "model_name", "task_name", "plugins", "tuning"})
    outcome.erase(name);
  if (tuning.is_candidate) outcome["is_candidate"] = true;
  for (const PluginFile& plugin : plugins) outcome["plugins"].push_back(plugin.content);
  const std::string canonical =
      outcome.dump();  // keys sorted, numbers in their shortest exact form
  return to_hex(hash_bytes(canonical.data(), canonical.size()));
}

}  // namespace longhaul
