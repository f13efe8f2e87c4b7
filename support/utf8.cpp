#include "support/utf8.h"

#include <nlohmann/json.hpp>

namespace longhaul {

bool is_utf8(const std::string& bytes) {
  try {
    nlohmann::json(bytes).dump();
    return true;
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

}  // namespace longhaul
