#include "support/json.h"

#include <nlohmann/json.hpp>
namespace longhaul {

using nlohmann::json;

json parse_json(std::string_view text) {
  static constexpr int kMaxDepth = 100;
  const auto check_depth = [](int depth, json::parse_event_t, json&) {
    require(depth <= kMaxDepth, "nested deeper than ", kMaxDepth, " levels");
    return true;
  };
  try {
    return json::parse(text, check_depth);
  } catch (const json::exception& error) {
    throw Error(error.what());
  }
}

std::string json_text(const json& value, int indent) {
  return value.dump(indent, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace longhaul
