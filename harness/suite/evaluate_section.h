#pragma once

#include "harness/suite/section.h"

namespace longhaul {

Evaluate read_evaluate(const Section& section);

}  // namespace longhaul
