#pragma once

#include "longhaul/task.h"

namespace longhaul {

// Replaces each answer of the example by one of the other classes, all equally likely, with
// probability `share`. The example's content decides, so that one that is seen again is wrong in
// the same way, for every model and seed.
void add_label_noise(Example& example, double share, int64_t classes);

}  // namespace longhaul
