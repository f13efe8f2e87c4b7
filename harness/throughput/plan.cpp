#include "harness/throughput/plan.h"

#include <algorithm>

namespace longhaul {

std::vector<TimedShape> timed_shapes(const ThroughputPlan& plan) {
  std::vector<int64_t> lengths = plan.lengths;
  std::sort(lengths.begin(), lengths.end());
  std::vector<TimedShape> shapes;
  for (const int64_t length : lengths) {
    const int64_t batch = plan.tokens / length;
    shapes.push_back({length, 1, 0});
    if (batch > 1) shapes.push_back({length, batch, plan.tokens});
    if (batch > 1 && length == lengths.front())
      shapes.push_back({length, 2 * batch, 2 * plan.tokens});
  }
  return shapes;
}

}  // namespace longhaul
