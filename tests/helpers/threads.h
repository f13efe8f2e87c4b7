#pragma once

#include "math/parallel.h"

namespace longhaul {

// What run() gives on so many threads.
template <class Run>
auto with_threads(int count, Run run) {
  const Threads scope(count);
  return run();
}

}  // namespace longhaul
