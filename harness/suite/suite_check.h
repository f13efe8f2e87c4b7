#pragma once

#include "harness/suite/section.h"
#include "harness/suite/suite.h"

namespace longhaul {

// What can be wrong with a suite whose parts are right. `file` is told of it, in the places that it
// read them from.

// A post-hoc change that no model of the suite knows.
void check_post_hoc(const Suite& suite, const Registry& registry, const Section& file);

// A metric of classes in a suite of regressions alone, or the other way round.
void check_metrics(const Suite& suite, const Registry& registry, const Section& file);

// Two rows with equal trials, which would share one folder and be one row twice; and a pretraining
// that cannot be.
void check_trials(const Suite& suite, const Registry& registry, const Section& file);

}  // namespace longhaul
