#include "core/builtins.h"
#include "harness/check/gradcheck.h"
#include "harness/model/model.h"
#include "longhaul/ops.h"
#include "tests/helpers/catch.h"
#include "tests/helpers/gradient.h"

using namespace longhaul;

namespace {

constexpr int64_t kWindow = 5;
const TaskShape kShape{
    .vocab = 11, .classes = 4, .max_length = 32, .readout = Readout::token, .channels = 0};

Model make(const std::string& model, bool causal, int64_t locality,
           const TaskShape& shape = kShape) {
  Registry registry;
  register_builtins(registry);
  Options options;
  Settings settings;
  settings.d_model = 8;
  settings.short_conv = 3;
  settings.canon = "AC";
  settings.causal = causal;
  settings.locality = locality;
  return Model(registry.model(model), options, settings, shape, 1);
}

}  // namespace

TEST_CASE("locality: a window is a sequence of its own", "[locality]") {
  for (const char* name : {"lru", "retention", "rnn"}) {  // that add no positions to the embeddings
    INFO(name);
    const Model cut = make(name, true, kWindow), whole = make(name, true, 0);
    const Batch batch = random_batch({13, 7}, kShape, 2);
    const Tensor logits = cut.forward(batch);  // rows of the first sequence, then of the second
    for (int64_t b = 0, row = 0; b < 2; ++b)
      for (int64_t begin = 0; begin < batch.lengths[b]; begin += kWindow) {
        const int64_t end = std::min(begin + kWindow, batch.lengths[b]);
        Example window;
        for (int64_t t = begin; t < end; ++t) {
          window.tokens.push_back(batch.tokens[b * batch.length + t]);
          window.targets.push_back(1);
        }
        const Tensor alone = whole.forward(collate(&window, 1, Readout::token));
        CHECK(max_difference(slice(logits, 0, row, row + end - begin), alone) < 1e-5);
        row += end - begin;
      }
  }
}

TEST_CASE("locality: decoding forgets what lies before the window", "[locality]") {
  const Model model = make("lru", true, kWindow);
  const Batch batch = random_batch({13, 13}, kShape, 3);
  const Tensor logits = model.forward(batch);
  DecodeState state = model.start(2);
  for (int64_t t = 0; t < 13; ++t) {
    const Tensor step = model.step(column(batch, t, 2), state);
    for (int64_t b = 0; b < 2; ++b)
      CHECK(max_difference(slice(step, 0, b, b + 1), slice(logits, 0, b * 13 + t, b * 13 + t + 1)) <
            1e-5);
  }
}

TEST_CASE("locality: gradients flow within windows of sequences of any length", "[locality]") {
  TaskShape shape = kShape;
  shape.readout = Readout::sequence;
  const Model model = make("transformer", false, kWindow, shape);
  for (const GradientCheck& check : check_gradients(model, random_batch({12, 3, 5}, shape, 4))) {
    INFO(check.parameter << " " << check.worst);
    CHECK(check.ok);
  }
}

TEST_CASE("locality: a window as long as the sequence changes nothing", "[locality]") {
  const Batch batch = random_batch({13, 7}, kShape, 2);
  CHECK(max_difference(make("lru", true, 13).forward(batch), make("lru", true, 0).forward(batch)) ==
        0);
}
