
#include "harness/train/lanes.h"
#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "math/parallel.h"
#include "tests/helpers/allocations.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/registry_cases.h"
#include "tests/helpers/threads.h"

using namespace longhaul;

namespace {

std::vector<std::string> models() {
  Registry registry;
  register_builtins(registry);
  std::vector<std::string> names;
  for (const auto& [name, info] : registry.models()) names.push_back(name);
  return names;
}

// Loss and gradient of a step on one long sequence.
std::vector<float> step_bits(const std::string& name, Settings settings, int threads) {
  const Threads scope(threads);
  const TaskShape shape{.vocab = 11,
                        .classes = 5,
                        .max_length = 2100,
                        .readout = settings.causal ? Readout::token : Readout::sequence};
  Registry registry;
  register_builtins(registry);
  const ModelInfo& info = registry.model(name);
  Options options;
  const Model model(info, options, settings, shape, 1);
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  Lanes lanes(model, 8, offsets);
  const Lanes::Result result = lanes.run({random_batch({2100}, shape, 1)}, 1);
  std::vector<float> all(lanes.gradient(), lanes.gradient() + offsets.back());
  all.push_back(static_cast<float>(result.plain_loss));
  all.push_back(static_cast<float>(result.gradient_norm));
  return all;
}

void check_threads(const std::string& name, const Settings& settings) {
  const std::vector<float> one = step_bits(name, settings, 1);
  CHECK(one == step_bits(name, settings, 2));
  CHECK(one == step_bits(name, settings, 3));
}

void check_model(const std::string& name) {
  Settings settings;
  settings.d_model = 64;
  settings.layers = 1;
  check_threads(name, settings);
}

const bool added =
    add_cases<models, check_model>("model ",
                                   " on one long sequence: any number of threads gives "
                                   "the same bits",
                                   "[lanes][split][slow]");

}  // namespace

TEST_CASE("one long sequence: the same bits for any number of threads with other settings",
          "[lanes][split][slow]") {
  Settings settings;
  settings.d_model = 48;
  settings.layers = 1;
  settings.dropout = 0.1;
  for (const char* norm : {"layer", "batch"}) {
    settings.norm = norm;
    settings.feed_forward = "gelu";
    check_threads("linear_attention", settings);
    settings.feed_forward = "glu";
    check_threads("lru", settings);
  }
  settings.causal = false;
  settings.checkpoint_blocks = true;
  check_threads("transformer", settings);
  check_threads("mamba", settings);
}

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
  const Threads one(1);
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
