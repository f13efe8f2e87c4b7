#pragma once

#include <string>
#include <vector>

#include "harness/suite/section.h"

namespace longhaul {

// The diagnostics that the suite lists, in the order of diagnostic_names().
std::vector<std::string> read_diagnostics(const Section& suite);

}  // namespace longhaul
