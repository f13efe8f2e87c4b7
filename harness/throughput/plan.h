#pragma once

#include <cstdint>
#include <vector>

#include "harness/throughput/throughput_record.h"

namespace longhaul {

// What a suite's `throughput:` asks for.
struct ThroughputPlan {
  std::vector<int64_t> lengths = {256, 512, 1024, 2048, 4096, 8192, 16384};
  std::vector<Phase> phases = {Phase::train, Phase::prefill, Phase::decode};
  int64_t tokens = 32768;  // of a step: the batch is tokens / length, at least 1
  int64_t repetitions = 5;
  double turn_seconds = 0.15;  // of a repetition, unless a single step takes longer; tests hurry
};

struct TimedShape {
  int64_t length = 0;
  int64_t batch = 0;
  int64_t series = 0;  // as in ThroughputRow
  bool operator==(const TimedShape&) const = default;
};

// Every length at batch 1 and at the plan's tokens a step, and the shortest at twice as many, which
// shows whether twice the batch takes twice as long. Lengths ascending, batches within. A shape
// that comes about twice counts once, as the one at batch 1.
std::vector<TimedShape> timed_shapes(const ThroughputPlan& plan);

}  // namespace longhaul
