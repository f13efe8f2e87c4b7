#include "harness/suite/only.h"

#include <algorithm>

#include "longhaul/error.h"
#include "support/choices.h"
#include "support/suggest.h"
#include "support/values.h"

namespace longhaul {
namespace {

// What trials can be chosen by.
struct OnlyKey {
  std::string name;
  std::string (*value)(const TrialSpec&);
};

const std::vector<OnlyKey>& keys() {
  using S = const TrialSpec&;
  static const std::vector<OnlyKey> keys = {
      {"model", [](S spec) { return spec.model_name; }},
      {"task", [](S spec) { return spec.task_name; }},
      {"seed", [](S spec) { return std::to_string(spec.seed); }},
      {"pretrain", [](S spec) { return spec.settings.pretrain; }},
      {"loss", [](S spec) { return spec.settings.loss; }},
  };
  return keys;
}

}  // namespace

Only Only::from_words(const std::vector<std::string>& words) {
  Only only;
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    require(sign != std::string::npos, "--only: found '", word, "', expected KEY=VALUE, such as ",
            "model=lru or seed=0,1");
    const OnlyKey& key = row_named("--only key", word.substr(0, sign), keys());
    for (std::size_t at = sign + 1; at <= word.size();) {
      const std::size_t end = std::min(word.find(',', at), word.size());
      require(end > at, "--only: ", word, ": expected a value behind '", word.substr(0, at), "'");
      only.allowed_[key.name].push_back(word.substr(at, end - at));
      at = end + 1;
    }
  }
  return only;
}

bool Only::holds(const TrialSpec& spec) const {
  return std::all_of(keys().begin(), keys().end(), [&](const OnlyKey& key) {
    const auto found = allowed_.find(key.name);
    return found == allowed_.end() || contains(found->second, key.value(spec));
  });
}

void Only::require_known(const std::vector<TrialSpec>& specs) const {
  for (const auto& [name, values] : allowed_) {
    std::vector<std::string> known;
    for (const TrialSpec& spec : specs)
      if (const std::string value = row_named("--only key", name, keys()).value(spec);
          !contains(known, value))
        known.push_back(value);
    for (const std::string& value : values)
      require(contains(known, value), "--only: the suite has no ", name, " '", value, "'",
              nearest_and_known(value, known));
  }
}

}  // namespace longhaul
