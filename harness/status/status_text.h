#pragma once

#include <string>

#include "harness/status/status.h"

namespace longhaul {

// For people, in lines of at most `width` columns; a name that is longer stands whole on a line of
// its own.
std::string to_text(const SuiteStatus& status, int width);

}  // namespace longhaul
