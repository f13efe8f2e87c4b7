#pragma once

#include <string>

#include "harness/suite/suite.h"

namespace longhaul {

// The suite as YAML with its defaults written out and overrides applied; loads to the same grid.
std::string to_yaml(const Suite& suite);

}  // namespace longhaul
