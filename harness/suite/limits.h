#pragma once

#include <vector>

#include "harness/settings/field.h"

namespace longhaul {

class Section;

// What an attempt at a trial may take; 0: as much as it likes. They change nothing of what it
// finds.
struct Limits {
  double memory = 0;   // bytes of its own that it may ask the system for
  double seconds = 0;  // from its start to its end
  double stall = 0;    // seconds without a training step
};

const std::vector<Field<Limits>>& limit_fields();
Limits read_limits(const Section& section);

}  // namespace longhaul
