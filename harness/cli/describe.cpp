#include "harness/cli/describe.h"
#include "support/enum_names.h"

#include <nlohmann/json.hpp>

namespace longhaul {

using nlohmann::json;

json describe(const ModelInfo& info) {
  static const EnumNames<Direction> directions = {{Direction::causal, "causal"},
                                                  {Direction::bidirectional, "bidirectional"},
                                                  {Direction::either, "either"}};
  return {{"name", info.name},
          {"about", info.about},
          {"source", info.source},
          {"direction", directions.word(info.direction)},
          {"origin", info.origin}};
}

json describe(const TaskInfo& info) {
  return {{"name", info.name},
          {"about", info.about},
          {"source", info.source},
          {"published", info.published},
          {"origin", info.origin}};
}

json describe(const OptionInfo& option) {
  json object = {{"name", option.name},
                 {"type", option.type},
                 {"meaning", option.description},
                 {"allowed", option.allowed}};
  std::visit([&](const auto& value) { object["default"] = value; }, option.default_value);
  return object;
}

}  // namespace longhaul
