#include "harness/tables/spec_difference.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace longhaul {
namespace {

using nlohmann::json;

constexpr const char* kDoNotMatter[] = {"suite",          "model_name",    "task_name",
                                        "seed",           "plugins",       "pretrained",
                                        "model_defaults", "task_defaults", "tuning"};

json bare(const TrialSpec& spec) {
  json object = to_json(spec);
  for (const char* key : kDoNotMatter) object.erase(key);
  return object;
}

void add_differences(const std::string& path, const json& before, const json& after,
                     std::vector<std::string>& lines) {
  if (before == after) return;
  if (!before.is_object() || !after.is_object()) {
    const auto shown = [](const json& value) {
      return value.is_null() ? std::string("nothing") : value.dump();
    };
    lines.push_back(fmt::format("{}: {}, then {}", path, shown(before), shown(after)));
    return;
  }
  std::set<std::string> keys;
  for (const json* object : {&before, &after})
    for (const auto& [key, value] : object->items()) keys.insert(key);
  for (const std::string& key : keys)
    add_differences(path.empty() ? key : path + "." + key, before.value(key, json()),
                    after.value(key, json()), lines);
}

}  // namespace

std::vector<std::string> spec_differences(const TrialSpec& before, const TrialSpec& after) {
  std::vector<std::string> lines;
  add_differences("", bare(before), bare(after), lines);
  return lines;
}

}  // namespace longhaul
