#include "harness/model/backbone.h"

#include <cstring>

#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/model/model.h"
#include "harness/train/lanes.h"
#include "longhaul/ops.h"
#include "math/optimizer.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"
#include "tests/helpers/seen_task.h"

using namespace longhaul;

namespace {

const TaskShape kTokens{.vocab = 11, .classes = 11, .max_length = 32, .readout = Readout::token};
const TaskShape kSequence{
    .vocab = 11, .classes = 4, .max_length = 32, .readout = Readout::sequence};

Settings small_block() {
  Settings settings;
  settings.d_model = 8;
  settings.short_conv = 3;
  return settings;
}

Model built(const Settings& settings, const TaskShape& shape, const std::string& name = "lru") {
  Registry registry;
  register_builtins(registry);
  Options options;
  return Model(registry.model(name), options, settings, shape, 1);
}

// Every norm, place and feed-forward with each other.
std::vector<Settings> all_blocks() {
  std::vector<Settings> all;
  for (const char* norm : {"rms", "layer", "batch"})
    for (const char* place : {"pre", "post"})
      for (const char* feed_forward : {"gated", "gelu", "glu", "half_glu1", "half_glu2"}) {
        all.push_back(small_block());
        all.back().norm = norm;
        all.back().norm_place = place;
        all.back().feed_forward = feed_forward;
      }
  for (const char* place : {"pre", "post"})
    for (const char* canon : {"A", "C", "AC"}) {
      all.push_back(small_block());
      all.back().norm_place = place;
      all.back().canon = canon;
    }
  return all;
}

std::string name_of(const Settings& s) {
  return s.norm + " " + s.norm_place + " " + s.feed_forward + " canon " + s.canon;
}

// What a training step leaves in the gradient.
std::vector<float> gradient_of(const Model& model, const std::vector<Batch>& batches) {
  const std::vector<int64_t> offsets = gradient_layout(model.parameters());
  Lanes lanes(model, static_cast<int64_t>(batches.size()), offsets);
  lanes.run(batches, 7);
  return {lanes.gradient(), lanes.gradient() + offsets.back()};
}

}  // namespace

TEST_CASE("backbone: every block has the gradients of finite differences", "[model]") {
  for (const Settings& settings : all_blocks()) {
    const Model model = built(settings, kSequence);
    for (const GradientCheck& check : check_gradients(model, random_batch({9, 4}, kSequence, 2))) {
      INFO(name_of(settings) << ": " << check.parameter << " " << check.worst);
      CHECK(check.ok);
    }
  }
}

TEST_CASE("backbone: every block decodes what it computes at once, whatever pads it", "[model]") {
  for (const Settings& settings : all_blocks()) {
    INFO(name_of(settings));
    const Model model = built(settings, kTokens);
    const Batch batch = random_batch({13, 13}, kTokens, 3);
    const Tensor logits = model.forward(batch);
    DecodeState state = model.start(2);
    for (int64_t t = 0; t < 13; ++t) {
      const Tensor step = model.step(column(batch, t, 2), state);
      for (int64_t b = 0; b < 2; ++b) {
        const int64_t row = b * 13 + t;
        CHECK(max_difference(slice(step, 0, b, b + 1), slice(logits, 0, row, row + 1)) < 1e-4);
      }
    }
  }
}

TEST_CASE("backbone: a canon layer without weight leaves the model as it is", "[model]") {
  Settings settings = small_block();
  const Model plain = built(settings, kTokens);
  settings.canon = "AC";
  const Model canon = built(settings, kTokens);
  const Batch batch = random_batch({13, 13}, kTokens, 3);
  CHECK(max_difference(canon.forward(batch), plain.forward(batch)) > 1e-2);
  for (const Parameter& parameter : canon.parameters())
    if (parameter.name.find("canon") != std::string::npos)
      std::fill_n(parameter.value.data(), parameter.value.size(), 0.0f);
  CHECK(max_difference(canon.forward(batch), plain.forward(batch)) == 0);
}

TEST_CASE("backbone: a canon layer before an MLP that is not there is refused", "[model]") {
  Settings settings = small_block();
  settings.canon = "AC";
  settings.mlp_ratio = 0;
  CHECK_THROWS_WITH(built(settings, kTokens),
                    "canon: found AC, but C stands before an MLP: feed_forward must be gated or "
                    "gelu, mlp_ratio above 0");
  settings.canon = "A";
  CHECK_NOTHROW(built(settings, kTokens));
}

TEST_CASE("backbone: padding changes no gradient of a batch norm", "[model]") {
  Settings settings = small_block();
  settings.norm = "batch";
  const Model model = built(settings, kSequence);
  Batch batch = random_batch({9, 4}, kSequence, 2);
  const std::vector<float> as_it_is = gradient_of(model, {batch});
  for (int64_t t = 4; t < 9; ++t) batch.tokens[9 + t] = 5;
  CHECK(gradient_of(model, {batch}) == as_it_is);
}

TEST_CASE("backbone: checkpoint_blocks leaves the bits of every block as they are", "[model]") {
  const std::vector<Batch> batches = {random_batch({9, 4}, kSequence, 1),
                                      random_batch({7, 12}, kSequence, 2)};
  for (Settings settings : all_blocks()) {
    INFO(name_of(settings));
    settings.dropout = 0.2;
    const std::vector<float> plain = gradient_of(built(settings, kSequence), batches);
    settings.checkpoint_blocks = true;
    CHECK(gradient_of(built(settings, kSequence), batches) == plain);
  }
}

TEST_CASE("backbone: parameters of the blocks are those that their page names", "[model]") {
  const auto names = [](const Settings& settings, const TaskShape& shape) {
    std::vector<std::string> all;
    const Model model = built(settings, shape);
    for (const Parameter& parameter : model.parameters())
      if (parameter.name.find("mixer") == std::string::npos) all.push_back(parameter.name);
    return all;
  };
  Settings settings = small_block();
  settings.layers = 1;
  settings.short_conv = 0;
  settings.norm = "batch";
  settings.feed_forward = "glu";
  CHECK(names(settings, kSequence) ==
        std::vector<std::string>{"embedding.weight", "block.0.norm.gain", "block.0.norm.bias",
                                 "block.0.norm.statistics", "block.0.glu.value.weight",
                                 "block.0.glu.value.bias", "block.0.glu.gate.weight",
                                 "block.0.glu.gate.bias", "head.weight", "head.bias"});
  settings = small_block();
  settings.layers = 1;
  settings.canon = "AC";
  CHECK(names(settings, kSequence) ==
        std::vector<std::string>{"embedding.weight", "block.0.norm.gain", "block.0.canon.weight",
                                 "block.0.conv.weight", "block.0.mlp.norm.gain",
                                 "block.0.mlp.canon.weight", "block.0.mlp.gate.weight",
                                 "block.0.mlp.up.weight", "block.0.mlp.down.weight", "norm.gain",
                                 "head.weight", "head.bias"});
  settings.short_conv = 0;
  settings.canon = "none";
  settings.norm = "layer";
  settings.feed_forward = "gelu";
  settings.tied_embedding = true;
  CHECK(names(settings, kTokens) ==
        std::vector<std::string>{"embedding.weight", "block.0.norm.gain", "block.0.norm.bias",
                                 "block.0.mlp.norm.gain", "block.0.mlp.norm.bias",
                                 "block.0.mlp.up.weight", "block.0.mlp.up.bias",
                                 "block.0.mlp.down.weight", "block.0.mlp.down.bias", "norm.gain",
                                 "norm.bias", "head.bias"});
}

TEST_CASE("backbone: an MLP has a channel at least, unless mlp_ratio is 0", "[model]") {
  Settings settings = small_block();
  settings.layers = 1;
  const auto parameters = [&](double ratio) {
    settings.mlp_ratio = ratio;
    return built(settings, kSequence).parameters().size();
  };
  CHECK(parameters(0.001) == parameters(2));
  CHECK(parameters(0) < parameters(2));
}

TEST_CASE("backbone: a tied embedding learns at both ends and is refused where it has no sense",
          "[model]") {
  Settings settings = small_block();
  settings.tied_embedding = true;
  const Model model = built(settings, kTokens);
  for (const GradientCheck& check : check_gradients(model, random_batch({6, 4}, kTokens, 2))) {
    INFO(check.parameter << " " << check.worst);
    CHECK(check.ok);
  }
  CHECK_THROWS_WITH(built(settings, kSequence),
                    "tied_embedding: the answers must be tokens at positions, as many as the "
                    "vocabulary has; the task has 4 classes and 11 tokens");
}

TEST_CASE("backbone: pooling takes the mean, the last or the largest of the positions", "[model]") {
  const Batch batch = random_batch({9, 4}, kSequence, 2);
  std::vector<Tensor> logits;
  for (const PoolingInfo& info : poolings()) {
    Settings settings = small_block();
    settings.pooling = info.name;
    logits.push_back(built(settings, kSequence).forward(batch));
  }
  CHECK(max_difference(logits[0], logits[1]) > 1e-3);
  CHECK(max_difference(logits[1], logits[2]) > 1e-3);
  Settings settings = small_block();
  settings.pooling = "max";
  for (const GradientCheck& check : check_gradients(built(settings, kSequence), batch)) {
    INFO(check.parameter << " " << check.worst);
    CHECK(check.ok);
  }
}

TEST_CASE("backbone: a network of its own refuses the settings of blocks", "[model]") {
  Settings settings = small_block();
  settings.norm = "layer";
  CHECK_THROWS_WITH(built(settings, kSequence, "tcn"),
                    "norm: model 'tcn' has no blocks of the common backbone; leave it out");
}

TEST_CASE("backbone: a model with batch norms learns, and tests see its running statistics",
          "[model]") {
  TrialSpec spec = seen_trial("lru", 150);
  spec.settings.norm = "batch";
  spec.settings.feed_forward = "half_glu2";
  const Registry registry = registry_with_seen_task();
  Options task_options, model_options;
  const std::unique_ptr<Task> task = registry.task("seen").make(task_options);
  Model model(registry.model("lru"), model_options, spec.settings, shape_of(*task), spec.seed);
  const Training training = train_alone(model, *task, spec);
  CHECK(training.state.validation > 0.7);  // half of the positions have the commoner answer
  for (const Parameter& parameter : model.parameters())
    if (parameter.is_statistics) CHECK(parameter.value.data()[0] != 0);
}
