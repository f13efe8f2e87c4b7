#pragma once

#include <string>
#include <vector>

namespace longhaul {

// What `diagnostics:` of a suite may list (harness/train/diagnostics.h).
const std::vector<std::string>& diagnostic_names();

}  // namespace longhaul
