#include "harness/run/only.h"

#include <algorithm>

#include "longhaul/error.h"
#include "support/choices.h"
#include "support/suggest.h"

namespace longhaul {
namespace {

// What trials can be chosen by.
struct Key {
  std::string name;
  std::string (*value)(const TrialSpec&);
};

const std::vector<Key>& keys() {
  using S = const TrialSpec&;
  static const std::vector<Key> keys = {
      {"model", [](S spec) { return spec.model_name; }},
      {"task", [](S spec) { return spec.task_name; }},
      {"seed", [](S spec) { return std::to_string(spec.seed); }},
      {"pretrain", [](S spec) { return spec.settings.pretrain; }},
      {"loss", [](S spec) { return spec.settings.loss; }},
  };
  return keys;
}

bool is_among(const std::string& value, const std::vector<std::string>& values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

Only Only::from_words(const std::vector<std::string>& words) {
  Only only;
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    require(sign != std::string::npos, "--only: found '", word, "', expected KEY=VALUE, such as ",
            "model=lru or seed=0,1");
    const Key& key = row_named("--only key", word.substr(0, sign), keys());
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
  return std::all_of(keys().begin(), keys().end(), [&](const Key& key) {
    const auto found = allowed_.find(key.name);
    return found == allowed_.end() || is_among(key.value(spec), found->second);
  });
}

void Only::require_known(const std::vector<TrialSpec>& specs) const {
  for (const auto& [name, values] : allowed_) {
    std::vector<std::string> known;
    for (const TrialSpec& spec : specs)
      if (const std::string value = row_named("--only key", name, keys()).value(spec);
          !is_among(value, known))
        known.push_back(value);
    for (const std::string& value : values)
      require(is_among(value, known), "--only: the suite has no ", name, " '", value, "'",
              nearest_and_known(value, known));
  }
}

}  // namespace longhaul
