#include "harness/model/recompute.h"

#include <cstring>

#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/train/lanes.h"
#include "math/memory.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"

using namespace longhaul;

namespace {

// What a training step of a model comes to.
struct Step {
  Lanes::Result result;
  std::vector<float> gradient;
  int64_t flops = 0, activations = 0;
};

Step run_step(const ModelInfo& info, Settings settings, bool checkpoint_blocks,
              const std::vector<Batch>& batches, const TaskShape& shape) {
  settings.checkpoint_blocks = checkpoint_blocks;
  Options options;
  const Model model(info, options, settings, shape, 1);
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  Lanes lanes(model, static_cast<int64_t>(batches.size()), offsets);
  Step step;
  lanes.run(batches, 7);
  const int64_t live = live_bytes(Memory::activations);
  reset_peak_bytes();
  step.result = lanes.run(batches, 7);
  step.activations = peak_bytes(Memory::activations) - live;
  step.gradient.assign(lanes.gradient(), lanes.gradient() + offsets.back());
  step.flops = lanes.measured().flops;
  return step;
}

}  // namespace

TEST_CASE("checkpoint_blocks: every model has the same gradients and counts, with dropout",
          "[model]") {
  Registry registry;
  register_builtins(registry);
  const TaskShape shape{.vocab = 11, .classes = 5, .max_length = 80, .readout = Readout::sequence};
  const std::vector<Batch> batches = {random_batch({20, 70}, shape, 1),
                                      random_batch({33, 51}, shape, 2)};
  for (const auto& [name, info] : registry.models()) {
    if (info.make_network) continue;
    INFO(name);
    Settings settings;
    settings.d_model = 16;
    settings.layers = layers_to_check(info);
    settings.short_conv = 4;
    settings.canon = "AC";
    settings.dropout = 0.2;
    settings.causal = info.direction != Direction::bidirectional;
    const Step plain = run_step(info, settings, false, batches, shape);
    const Step saving = run_step(info, settings, true, batches, shape);
    CHECK(plain.result.plain_loss == saving.result.plain_loss);
    CHECK(plain.flops == saving.flops);
    REQUIRE(plain.gradient.size() == saving.gradient.size());
    CHECK(std::memcmp(plain.gradient.data(), saving.gradient.data(),
                      plain.gradient.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("checkpoint_blocks: six layers take about a quarter of the activations", "[model]") {
  Registry registry;
  register_builtins(registry);
  const TaskShape shape{.vocab = 11, .classes = 5, .max_length = 1024};
  const std::vector<Batch> batches = {random_batch({1024}, shape, 1)};
  for (const char* name : {"transformer", "linear_attention", "lru", "mamba"}) {
    Settings settings;
    settings.layers = 6;
    const ModelInfo info = registry.model(name);
    const int64_t plain = run_step(info, settings, false, batches, shape).activations;
    const int64_t saving = run_step(info, settings, true, batches, shape).activations;
    INFO(name << ": " << plain << " bytes, with checkpoint_blocks " << saving);
    CHECK(18 * saving <= 5 * plain);
  }
}

TEST_CASE("checkpoint_blocks: a network without these blocks refuses it", "[model]") {
  ModelInfo info;
  info.name = "own";
  info.make_network = [](NetworkContext&) { return std::unique_ptr<Network>(); };
  Settings settings;
  settings.checkpoint_blocks = true;
  Options options;
  const TaskShape shape{.vocab = 11, .classes = 5, .max_length = 8};
  CHECK_THROWS_WITH(Model(info, options, settings, shape, 1),
                    "checkpoint_blocks: model 'own' has no blocks of the common backbone; leave it "
                    "out");
}
