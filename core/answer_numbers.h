#pragma once

#include <algorithm>
#include <cstddef>

#include "longhaul/task.h"

namespace longhaul {

// How many real numbers answer each target of an example; 0 where classes do.
inline std::size_t numbers_a_target(const Example& example) {
  return example.numbers.size() / std::max<std::size_t>(example.targets.size(), 1);
}

}  // namespace longhaul
