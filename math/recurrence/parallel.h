#pragma once

#include "math/recurrence/recurrence.h"

namespace longhaul {

Solution solve_parallel(const Recurrence& r, const RecurrenceSpec& spec);  // all but sequential

}  // namespace longhaul
