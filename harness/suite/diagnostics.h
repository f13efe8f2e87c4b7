#pragma once

#include <string>
#include <vector>

#include "harness/suite/section.h"

namespace longhaul {

// What `diagnostics:` of a suite may list (harness/train/diagnostics.h).
const std::vector<std::string>& diagnostic_names();

// Those that the suite lists, in the order above.
std::vector<std::string> read_diagnostics(const Section& suite);

}  // namespace longhaul
