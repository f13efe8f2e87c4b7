#include "harness/settings/trial_spec.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/choices.h"
#include "support/hash.h"
#include "support/json_fields.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

using nlohmann::json;

void check_names(const std::string& key, const std::vector<std::string>& names,
                 const std::vector<std::string>& known) {
  for (const std::string& name : names)
    require(contains(known, name), key, ": unknown name '", name, "'",
            nearest_and_known(name, known));
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
               field<Key::unless_default>("model_defaults", &TrialSpec::model_defaults),
               field("task_name", &TrialSpec::task_name),
               field("task", &TrialSpec::task),
               field("task_options", &TrialSpec::task_options),
               field<Key::unless_default>("task_defaults", &TrialSpec::task_defaults),
               field<Key::unless_default>("task_data", &TrialSpec::task_data),
               field("task_version", &TrialSpec::task_version),
               field("settings", &TrialSpec::settings),
               field("budget", &TrialSpec::budget),
               field("evaluate", &TrialSpec::evaluate),
               field<Key::unless_default>("diagnostics", &TrialSpec::diagnostics),
               field<Key::unless_default>("baselines", &TrialSpec::baselines),
               field<Key::unless_default>("metrics", &TrialSpec::metrics),
               field<Key::newer>("tuning", &TrialSpec::tuning),
               field("seed", &TrialSpec::seed),
               field("is_pretraining", &TrialSpec::is_pretraining),
               field("pretrained", &TrialSpec::pretrained),
               field("plugins", &TrialSpec::plugins)};

static json json_of(const Settings& settings) { return json_of(to_options(settings)); }

static void read_json(const json& found, const std::string& path, Settings& settings) {
  // Trials of a suite have few settings between them, and checking them costs more than to compare.
  thread_local std::optional<std::pair<json, Settings>> last;
  if (!last || found != last->first) {
    Options options(from_json<OptionMap>(found));
    const Settings read = read_settings(options);
    options.check(path);
    last.emplace(found, read);
  }
  settings = last->second;
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

// All that the outcome of a trial hangs on.
static json outcome_of(const TrialSpec& spec) {
  json outcome = to_json(spec);
  for (const char* name :
       {"suite", "model_name", "model_defaults", "task_name", "task_defaults", "plugins", "tuning"})
    outcome.erase(name);
  if (spec.tuning.is_candidate) outcome["is_candidate"] = true;
  for (const PluginFile& plugin : spec.plugins) outcome["plugins"].push_back(plugin.content);
  for (const auto& [option, content] : spec.task_data) outcome["task_options"].erase(option);
  return outcome;
}

// Leaves out the members, at any depth, that are as in `defaults`.
static void drop_defaults(json& value, const json& defaults) {
  for (const auto& [key, by_default] : defaults.items()) {
    const auto found = value.find(key);
    if (found == value.end()) continue;
    if (found->is_object() && by_default.is_object()) drop_defaults(*found, by_default);
    if (*found == by_default || (found->is_object() && found->empty())) value.erase(key);
  }
}

static std::string hash_of(const json& outcome) {
  const std::string canonical =
      outcome.dump();  // keys sorted, numbers in their shortest exact form
  return to_hex(hash_bytes(canonical.data(), canonical.size()));
}

std::string TrialSpec::id() const {
  static const json ordinary = to_json(TrialSpec());
  json outcome = outcome_of(*this);
  drop_defaults(outcome["model_options"], json_of(model_defaults));
  drop_defaults(outcome["task_options"], json_of(task_defaults));
  drop_defaults(outcome, ordinary);
  return hash_of(outcome);
}

std::string TrialSpec::exact_id() const { return hash_of(outcome_of(*this)); }

bool TrialSpec::is_same_trial(const TrialSpec& other) const {
  json mine = outcome_of(*this), others = outcome_of(other);
  // An option that one of them lacks is newer than it, or gone since: it was as by default there.
  const auto complete = [](json& options, const OptionMap& defaults) {
    for (const auto& [option, value] : defaults)
      if (!options.contains(option)) options[option] = json_of(value);
  };
  for (json* one : {&mine, &others})
    for (const TrialSpec* spec : {this, &other}) {
      complete((*one)["model_options"], spec->model_defaults);
      complete((*one)["task_options"], spec->task_defaults);
    }
  for (json* one : {&mine, &others})
    for (const TrialSpec* spec : {this, &other})
      for (const auto& [option, content] : spec->task_data) (*one)["task_options"].erase(option);
  return mine == others;
}

}  // namespace longhaul
