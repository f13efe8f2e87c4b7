#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "harness/throughput/workload.h"

namespace longhaul {

// One of several workloads that are timed in turns, and what was found.
struct Turn {
  std::unique_ptr<Workload> workload;
  int64_t runs = 1;  // of the workload in a turn

  std::vector<double> step_seconds;  // mean of each turn
  int64_t peak_activation_bytes = 0;
  std::exception_ptr failure;  // that ended its turns
};

// Gives every workload its turn, one after another, and that `rounds` times, by Google Benchmark.
void take_turns(std::vector<Turn>& turns, int64_t rounds);

}  // namespace longhaul
