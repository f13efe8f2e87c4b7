#pragma once

#include "support/text_table.h"

namespace longhaul {

// How tables are drawn on standard output: in a terminal as wide as it is and in colour, unless
// NO_COLOR is set; in a pipe or file for 80 columns.
TextStyle output_style();

}  // namespace longhaul
