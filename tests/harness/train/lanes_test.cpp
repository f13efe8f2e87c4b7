
#include "harness/train/lanes.h"
#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "tests/helpers/allocations.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

[[maybe_unused]] const TaskShape kShape{
    .vocab = 11, .classes = 5, .max_length = 80, .readout = Readout::token, .channels = 0};

}  // namespace

// What a test of a released build would not find: the sanitizers replace the allocator.
#ifndef __SANITIZE_ADDRESS__
namespace {

std::vector<Batch> random_lanes() {
  std::vector<Batch> lanes;
  for (uint64_t lane = 0; lane < 3; ++lane)
    lanes.push_back(random_batch({static_cast<int64_t>(20 + lane), 70}, kShape, lane));
  return lanes;
}

}  // namespace

TEST_CASE("from the third training step on, no model asks the heap for memory", "[lanes][slow]") {
  Registry registry;
  register_builtins(registry);
  const std::vector<Batch> batches = random_lanes();
  set_threads(1);
  for (const auto& [name, info] : registry.models()) {
    if (info.direction == Direction::bidirectional) continue;
    Options options;
    Settings settings;
    settings.d_model = 16;
    const Model model(info, options, settings, kShape, 1);
    const std::vector<int64_t> offsets = gradient_layout(model.parameters());
    Lanes lanes(model, 3, offsets);
    Optimizer optimizer(model.parameters(), offsets, {});
    const auto step = [&](uint64_t seed) {
      lanes.run(batches, seed);
      optimizer.step(lanes.gradient(), 1, 1e-3);
    };
    step(1);
    step(2);
    const int64_t system_before = system_requests();
    const AllocationCount count;
    step(3);
    step(4);
    const int64_t heap = count.so_far(), system = system_requests() - system_before;
    INFO(name);
    CHECK(heap == 0);
    CHECK(system == 0);
  }
}
#endif
