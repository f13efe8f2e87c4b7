#include "harness/settings/trial_spec.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/settings/diagnostics.h"
#include "longhaul/error.h"
#include "longhaul/rng.h"
#include "support/hash.h"

namespace longhaul {
namespace {

using nlohmann::json;

json options_to_json(const OptionMap& options) {
  json object = json::object();
  for (const auto& [name, value] : options)
    std::visit([&, &key = name](const auto& held) { object[key] = held; }, value);
  return object;
}

OptionValue option_from_json(const json& value, const std::string& key) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<int64_t>();
  if (value.is_number_float()) return value.get<double>();
  require(value.is_string(), "trial: ", key, ": expected a single value, found ", value.dump());
  return value.get<std::string>();
}

// Limits that are not set are left out: the id of a trial does not change with what it may have.
json budget_to_json(const Budget& budget) {
  json object = {{"steps", budget.steps}, {"seconds", budget.seconds}};
  if (budget.tokens > 0) object["tokens"] = budget.tokens;
  if (budget.flops > 0) object["flops"] = budget.flops;
  return object;
}

// Reads the keys of one JSON object, each of which must be there and none beside them.
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string path) : object_(object), path_(std::move(path)) {
    require(object.is_object(), "trial: ", path_.empty() ? "" : path_ + ": ",
            "expected an object, found ", object.dump());
  }

  const json& at(const std::string& key) {
    known_.push_back(key);
    const auto found = object_.find(key);
    require(found != object_.end(), "trial: ", path_of(key), " is missing");
    return *found;
  }

  template <class T>
  T get(const std::string& key) {
    const json& value = at(key);
    try {
      return value.get<T>();
    } catch (const json::exception&) {
      throw Error(text("trial: ", path_of(key), ": unexpected ", value.dump()));
    }
  }

  // Of a key that older files do not have.
  template <class T>
  T get(const std::string& key, const T& default_value) {
    known_.push_back(key);
    return object_.contains(key) ? get<T>(key) : default_value;
  }

  OptionMap options(const std::string& key) {
    OptionMap options;
    const json& object = at(key);
    require(object.is_object(), "trial: ", path_of(key), ": expected an object, found ",
            object.dump());
    for (const auto& [name, value] : object.items())
      options[name] = option_from_json(value, path_of(key) + "." + name);
    return options;
  }

  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string near = nearest(key, known_);
      throw Error(text("trial: unknown key '", path_of(key), "'",
                       near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
  }

 private:
  std::string path_of(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
  }

  const json& object_;
  std::string path_;
  std::vector<std::string> known_;
};

void check_diagnostic(const std::string& name) {
  const std::vector<std::string>& known = diagnostic_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  const std::string near = nearest(name, known);
  throw Error(text("trial: diagnostics: unknown name '", name, "'",
                   near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace

json to_json(const TrialSpec& spec) {
  json plugins = json::array();
  for (const PluginFile& plugin : spec.plugins)
    plugins.push_back({{"path", plugin.path}, {"content", plugin.content}});
  json object = {{"suite", spec.suite},
                 {"model_name", spec.model_name},
                 {"model", spec.model},
                 {"model_options", options_to_json(spec.model_options)},
                 {"task_name", spec.task_name},
                 {"task", spec.task},
                 {"task_options", options_to_json(spec.task_options)},
                 {"task_version", spec.task_version},
                 {"settings", options_to_json(to_options(spec.settings))},
                 {"budget", budget_to_json(spec.budget)},
                 {"evaluate",
                  {{"lengths", spec.evaluate.lengths},
                   {"post_hoc", spec.evaluate.post_hoc},
                   {"test_sets", spec.evaluate.test_sets}}},
                 {"tuning",
                  {{"trials", spec.tuning.trials},
                   {"is_candidate", spec.tuning.is_candidate},
                   {"values", options_to_json(spec.tuning.values)}}},
                 {"seed", spec.seed},
                 {"is_pretraining", spec.is_pretraining},
                 {"pretrained", spec.pretrained},
                 {"plugins", plugins}};
  if (!spec.diagnostics.empty()) object["diagnostics"] = spec.diagnostics;
  if (!spec.baselines.empty()) object["baselines"] = spec.baselines;
  return object;
}

TrialSpec trial_from_json(const json& object) {
  ObjectReader reader(object, "");
  TrialSpec spec;
  spec.suite = reader.get<std::string>("suite");
  spec.model_name = reader.get<std::string>("model_name");
  spec.model = reader.get<std::string>("model");
  spec.model_options = reader.options("model_options");
  spec.task_name = reader.get<std::string>("task_name");
  spec.task = reader.get<std::string>("task");
  spec.task_options = reader.options("task_options");
  spec.task_version = reader.get<int64_t>("task_version");
  spec.seed = reader.get<uint64_t>("seed");
  spec.is_pretraining = reader.get<bool>("is_pretraining");
  spec.pretrained = reader.get<std::string>("pretrained");
  spec.diagnostics = reader.get("diagnostics", spec.diagnostics);
  for (const std::string& name : spec.diagnostics) check_diagnostic(name);
  spec.baselines = reader.get("baselines", spec.baselines);
  for (const std::string& name : spec.baselines)
    require(name == "bag_of_tokens", "trial: baselines: unknown name '", name,
            "'; allowed: bag_of_tokens");
  for (const json& entry : reader.get<std::vector<json>>("plugins")) {
    ObjectReader plugin(entry, "plugins");
    spec.plugins.push_back({plugin.get<std::string>("path"), plugin.get<std::string>("content")});
    plugin.finish();
  }

  Options settings(reader.options("settings"));
  spec.settings = read_settings(settings);
  settings.check("trial: settings");

  ObjectReader budget(reader.at("budget"), "budget");
  spec.budget.steps = budget.get<int64_t>("steps");
  spec.budget.seconds = budget.get<double>("seconds");
  spec.budget.tokens = budget.get<double>("tokens", 0);
  spec.budget.flops = budget.get<double>("flops", 0);
  budget.finish();

  ObjectReader evaluate(reader.at("evaluate"), "evaluate");
  spec.evaluate.lengths = evaluate.get<std::vector<int64_t>>("lengths");
  spec.evaluate.post_hoc = evaluate.get<std::vector<std::string>>("post_hoc");
  spec.evaluate.test_sets = evaluate.get<std::vector<std::string>>("test_sets");
  evaluate.finish();

  if (object.contains("tuning")) {  // older files do not have it
    ObjectReader tuning(reader.at("tuning"), "tuning");
    spec.tuning.trials = tuning.get<int64_t>("trials");
    spec.tuning.is_candidate = tuning.get<bool>("is_candidate");
    spec.tuning.values = tuning.options("values");
    tuning.finish();
  }
  reader.finish();
  return spec;
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
