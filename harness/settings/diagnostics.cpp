#include "harness/settings/diagnostics.h"

namespace longhaul {

const std::vector<std::string>& diagnostic_names() {
  static const std::vector<std::string> names = {
      "attention_concentration", "effective_rank", "attended_distance", "cosine",
      "update_cosine",           "state_norm",     "gradient_norm"};
  return names;
}

}  // namespace longhaul
