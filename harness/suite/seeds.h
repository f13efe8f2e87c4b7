#pragma once

#include <cstdint>
#include <vector>

#include "harness/suite/section.h"

namespace longhaul {

constexpr int64_t kMostSeeds = 10000;

// Those that the suite lists, or derives from its root_seed.
std::vector<uint64_t> read_seeds(const Section& suite);

}  // namespace longhaul
