#include "harness/suite/sweep.h"

#include <algorithm>
#include <cctype>

#include "harness/settings/option_check.h"
#include "harness/suite/grid.h"
#include "harness/suite/section.h"
#include "longhaul/error.h"
#include "support/values.h"

namespace longhaul {
namespace {

// "lru.state" is "state" of one of a hybrid's mixers.
std::string without_mixer(const std::string& option) {
  return option.substr(option.find('.') + 1);  // all of it where there is no dot
}

bool gives(const ModelEntry& entry, const std::string& key) {
  return entry.settings.count(key) > 0 ||
         std::any_of(entry.options.begin(), entry.options.end(),
                     [&](const auto& option) { return without_mixer(option.first) == key; });
}

// None of a model that is not known or cannot be built, which the reader of the suite says.
std::vector<std::string> options_of(const ModelEntry& entry, const Suite& suite,
                                    const Registry& registry) {
  std::vector<std::string> names;
  try {
    for (const OptionInfo& option :
         check_model(registry.model(entry.base), settings_of(suite, entry, {}), kAnyLength,
                     entry.options)
             .declared)
      names.push_back(without_mixer(option.name));
  } catch (const Error&) {
  }
  return names;
}

// "-state16"; names stand in file names and --set paths.
std::string suffix(const std::string& key, const OptionValue& value) {
  std::string text = "-" + key + to_text(value);
  const auto is_odd = [](unsigned char c) { return !std::isalnum(c) && c != '-' && c != '_'; };
  std::replace_if(text.begin(), text.end(), is_odd, '_');
  return text;
}

}  // namespace

std::vector<ModelEntry> swept(const ModelEntry& entry, const Tune& sweep, const Suite& suite,
                              const Registry& registry, std::vector<std::string>& known) {
  std::vector<ModelEntry> rows = {entry};
  if (sweep.empty()) return rows;
  const std::vector<std::string> settings = setting_names();
  const std::vector<std::string> options = options_of(entry, suite, registry);
  for (const auto* names : {&settings, &options})
    known.insert(known.end(), names->begin(), names->end());
  for (const auto& [key, values] : sweep) {
    const bool is_setting = contains(settings, key);
    if (gives(entry, key) || (!is_setting && !contains(options, key))) continue;
    std::vector<ModelEntry> longer;
    for (const ModelEntry& row : rows)
      for (const OptionValue& value : values) {
        longer.push_back(row);
        longer.back().name += suffix(key, value);
        (is_setting ? longer.back().settings : longer.back().options)[key] = value;
      }
    rows = std::move(longer);
  }
  return rows;
}

}  // namespace longhaul
