#include "harness/tables/varied_options.h"

#include <map>
#include <nlohmann/json.hpp>

#include "harness/settings/trial_spec.h"
#include "longhaul/options.h"
#include "support/values.h"

namespace longhaul {
namespace {

using OptionTexts = std::map<std::string, std::string>;

// Settings that columns of results.csv say already.
constexpr const char* kHaveColumns[] = {"d_model",       "layers", "batch",
                                        "test_examples", "loss",   "pretrain"};

OptionTexts values_of(const TrialSpec& spec) {
  OptionTexts values;
  const nlohmann::json json = to_json(spec);  // which items() look into
  for (const auto& [name, value] : json.at("settings").items())
    if (!contains(kHaveColumns, name))
      values[name] = value.is_string() ? value.get<std::string>() : value.dump();
  for (const auto& [name, value] : spec.model_options) values[name] = to_text(value);
  return values;
}

}  // namespace

VariedOptions::VariedOptions(const Results& results) {
  std::map<std::string, OptionTexts>
      seen;  // of each model, for its own options; of all, for settings
  for (const auto* trials : {&results.trials, &results.tuning})
    for (const Trial& trial : *trials) {
      if (trial.is_external) continue;  // nothing is known of its settings
      for (const auto& [name, value] : values_of(trial.spec)) {
        const bool is_option = trial.spec.model_options.count(name) > 0;
        const auto [at, is_new] = seen[is_option ? trial.spec.model : ""].emplace(name, value);
        if (!is_new && at->second != value) names_.insert(name);
      }
    }
}

std::string VariedOptions::of(const Trial& trial) const {
  if (names_.empty() || trial.is_external) return "";
  std::string text;
  for (const auto& [name, value] : values_of(trial.spec))
    if (names_.count(name)) text += (text.empty() ? "" : " ") + name + "=" + value;
  return text;
}

}  // namespace longhaul
