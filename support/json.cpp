#include "support/json.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace longhaul {

using nlohmann::json;

json parse_json(std::string_view text) {
  static constexpr int kMaxDepth = 100;
  std::vector<std::set<std::string>> keys;  // of each object that is open
  const auto check = [&](int depth, json::parse_event_t event, json& parsed) {
    require(depth <= kMaxDepth, "nested deeper than ", kMaxDepth, " levels");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key)
      require(keys.back().insert(parsed.get<std::string>()).second, "key '",
              parsed.get<std::string>(), "' is given twice");
    return true;
  };
  try {
    return json::parse(text, check);
  } catch (const json::exception& error) {
    throw Error(error.what());
  }
}

std::string json_text(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace longhaul
